"""``[hooks]``, ``[notify]``, ``[silence]``, ``[metrics]``: what others are told of a run."""

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, InstanceOf, PlainSerializer

from rollout.settings.deploy_types import Timeout
from rollout.settings.secret import Secret, as_secret, write_secret
from rollout.settings.templates import an_absolute_path
from rollout.settings.types import Section, SingleLine, one_line

Moment = Literal["started", "finished", "refused", "failed", "reduced"]
"""What ``notify.on`` may name."""


def an_address(address: str) -> str:
    """Let through where a webhook is; the ValueError never repeats it.

    Raises:
        ValueError: it is no http or https address with a host.
    """
    one_line(address)
    try:
        parts = urlsplit(address)
        host = parts.hostname if parts.port != 0 else None
    except ValueError:  # its own words may repeat the secret
        raise ValueError("is not an address") from None
    if parts.scheme not in {"http", "https"}:
        raise ValueError("must begin with https:// or http://")
    if not host or not address.isascii() or any(character.isspace() for character in address):
        raise ValueError("has no host, or has in it what must be written with %")
    if parts.username is not None or parts.password is not None:
        raise ValueError("has a login in it: a webhook is asked without one")
    return address


def _webhook(secret: Secret) -> Secret:
    if secret.text:
        an_address(secret.text)
    return secret


def _textfile(path: str) -> str:
    if not path:
        return path
    an_absolute_path(path)
    if not path.endswith(".prom") or path.endswith("/.prom"):
        raise ValueError(f"{path!r} must end in NAME.prom: node_exporter reads no other file")
    return path


def _moments(said: Any) -> Any:  # noqa: ANN401 - whatever TOML can hold
    if not isinstance(said, str):
        return said
    return [part.strip() for part in said.split(",")] if said.strip() else []


Webhook = Annotated[
    InstanceOf[Secret],
    BeforeValidator(as_secret),
    AfterValidator(_webhook),
    PlainSerializer(write_secret),
]
"""An address whose path is a secret, as Slack's are."""


class RunHookSettings(Section):
    """``[hooks]``: commands of the operator's own around every run, on this machine."""

    before: SingleLine = ""
    host_out: SingleLine = ""
    host_back: SingleLine = ""
    failed: SingleLine = ""
    after: SingleLine = ""
    timeout: Timeout = 30.0


class NotifySettings(Section):
    """``[notify]``: what is told when a run starts and ends."""

    command: SingleLine = ""
    webhook: Webhook = Secret()
    on: Annotated[tuple[Moment, ...], BeforeValidator(_moments), Field(min_length=1)] = (
        "failed",
        "reduced",
    )
    timeout: Timeout = 10.0


class SilenceSettings(Section):
    """``[silence]``: the commands that silence the monitoring around each host."""

    begin: SingleLine = ""
    end: SingleLine = ""
    timeout: Timeout = 10.0


def _log_file(file: str) -> str:
    if file in {".", "..", "~"} or file.endswith(("/", "/.", "/..")):
        raise ValueError(f"{file!r} is a directory; name a file in it")
    return file


class LogSettings(Section):
    """``[log]``: the file to which the lines of every run are appended."""

    file: Annotated[SingleLine, AfterValidator(_log_file)] = ""


class MetricsSettings(Section):
    """``[metrics]``: the file that Prometheus reads through node_exporter."""

    textfile: Annotated[SingleLine, AfterValidator(_textfile)] = ""
