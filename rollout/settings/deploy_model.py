"""``[deploy]``: what is put where, how it is built, and what happens when it does not work."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from rollout.model.releases import OnFailure, Switch
from rollout.settings.deploy_types import (
    AbsolutePath,
    Artifact,
    Environment,
    Origin,
    Ref,
    RelativePaths,
    Repo,
    Sha256,
    Size,
    StepName,
    Timeout,
)
from rollout.settings.secret import Secret
from rollout.settings.types import Bool, Command, Count, Positive, Section, SingleLine


def _something(said: str) -> str:
    if not said.strip():
        raise ValueError("must not be empty")
    return said


class BuildSettings(Section):
    """``build.NAME``: one step, in the new release; a text in place of the table is its ``run``."""

    run: Annotated[SingleLine, AfterValidator(_something)]
    where: Literal["hosts", "bastion"] = "hosts"
    timeout: Timeout = 600.0
    env: Environment = Field(default={})

    @model_validator(mode="before")
    @classmethod
    def _short(cls, said: Any) -> Any:  # noqa: ANN401 - whatever TOML can hold
        if not isinstance(said, str | dict):
            raise ValueError("must be a command, in quotes, or a table with run = in it")  # noqa: TRY004 - pydantic reads ValueError
        return {"run": said} if isinstance(said, str) else said


class HookSettings(Section):
    """``[deploy.hooks]``: commands of the operator's own, run on this machine."""

    before: SingleLine = ""
    switched: SingleLine = ""
    after: SingleLine = ""
    timeout: Timeout = 300.0


class DeploySettings(Section):
    """``[deploy]``; without it only the commands that restart can be used."""

    to: AbsolutePath
    strategy: Literal["git", "push", "artifact"] = "git"
    repo: Repo = Secret()
    ref: Ref = "main"
    tree: Origin = ""
    links: Bool = True
    artifact: Artifact = Secret()
    sha256: Sha256 = ""
    strip: Count = 0
    max_size: Size = 10 << 30
    keep: Positive = 5
    shared: RelativePaths = ()
    shared_files: RelativePaths = ()
    switch: Switch = Switch.TOGETHER
    on_failure: OnFailure = OnFailure.ROLLBACK
    at_once: Positive = 10
    timeout: Timeout = 600.0
    readlink: Command = "readlink"
    env: Environment = Field(default={})
    build: dict[StepName, BuildSettings] = Field(default={})
    hooks: HookSettings = HookSettings()
