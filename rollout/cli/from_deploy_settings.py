"""From settings to what a deploy is about, and what of it cannot be meant so."""

import shlex
from collections.abc import Mapping
from typing import Literal

from rollout.cli.from_settings import ssh_words
from rollout.model.deploy import Deploy
from rollout.model.errors import SettingsError
from rollout.model.lock_state import PastRun
from rollout.model.releases import BuildStep, Release, Switch
from rollout.settings.deploy_model import DeploySettings
from rollout.settings.flags import Flags
from rollout.settings.load import Loaded
from rollout.settings.model import Settings
from rollout.settings.secret import Secret

WRITE = """\
[deploy] is missing; write for example
    [deploy]
    to = "/srv/shop"
    repo = "git@git.example.com:shop.git"
`rollout init` in an empty directory shows all that can be said there"""


def the_deploy(settings: Settings, file: str = "") -> DeploySettings:
    """Return ``[deploy]`` of ``settings``.

    Raises:
        SettingsError: there is none; it says what to write in ``file``.
    """
    if settings.deploy is None:
        raise SettingsError([f"{file}: {WRITE}" if file else WRITE])
    return settings.deploy


def deployable(loaded: Loaded, flags: Flags) -> Settings:
    """Let through settings with which a deploy can be begun.

    Raises:
        SettingsError: there is no ``[deploy]``, a flag would change nothing, or hosts cannot
            switch as they are taken out.
    """
    settings = loaded.settings
    said = the_deploy(settings, loaded.sources[-1].origin(()))
    problems = [
        f"{flag}: {why}" for flag, why in _idle(said).items() if flags.get(flag) is not None
    ]
    if said.switch is Switch.EACH and settings.fleet.by == "instance":
        origin = loaded.origin(("deploy", "switch"))
        problems.append(
            f'{origin}: deploy.switch: "each" needs whole hosts: with fleet.by = "instance" a host '
            "would run both releases from one `current`"
        )
    if problems:
        raise SettingsError(problems)
    return settings


def _idle(said: DeploySettings) -> dict[str, str]:
    """Name the flags that the strategy does not look at, with the reason."""
    if said.strategy == "artifact":
        return {"--ref": 'deploy.strategy is "artifact", which has no ref'}
    tree = {"--ref": "deploy.tree is sent as it is and has no ref"} if said.tree else {}
    why = f'deploy.strategy is "{said.strategy}", not "artifact"'
    return {"--artifact": why, "--sha256": why, **tree}


def steps(said: DeploySettings, where: Literal["hosts", "bastion"]) -> tuple[BuildStep, ...]:
    """List the build steps that are run there, in order; a step's own environment counts more."""
    return tuple(
        BuildStep(name, step.run, step.timeout, _texts({**said.env, **step.env}))
        for name, step in said.build.items()
        if step.where == where
    )


def _texts(environ: Mapping[str, Secret]) -> dict[str, str]:
    return {name: secret.text for name, secret in environ.items()}


def deploy_of(
    said: DeploySettings, release: Release, hosts: tuple[str, ...], *, fresh: bool
) -> Deploy:
    """Decide everything about one deploy."""
    return Deploy(
        release=release,
        hosts=hosts,
        fresh=fresh,
        builds=steps(said, "hosts") if fresh else (),
        switch=said.switch,
        on_failure=said.on_failure,
        at_once=said.at_once,
        keep=said.keep,
    )


def deploy_again(settings: Settings, past: PastRun) -> Deploy | None:
    """Decide about the deploy of a run that goes on; None where it was a restart."""
    was = past.deploy
    if was is None:
        return None
    release = Release(was.release, was.revision)
    return deploy_of(the_deploy(settings), release, was.hosts, fresh=was.fresh)


def see_current(settings: Settings) -> str:
    """Say what to type to see where ``current`` leads, with ``{host}`` in it."""
    if settings.deploy is None:
        return ""
    return f"{ssh_words(settings)} {{host}} readlink {_there(settings.deploy)}/current"


def _there(said: DeploySettings) -> str:
    # ssh hands its words to a shell of the host's, which takes off the quotes once more
    return shlex.quote(shlex.quote(said.to))
