"""One probe template, filled in: where to connect on a host, and what to ask there."""

from dataclasses import dataclass
from string import Formatter
from urllib.parse import quote, urlsplit

from rollout.model.errors import SettingsError
from rollout.model.fleet import Instance

PLACEHOLDERS = ("host", "instance", "port")

PORTS = {"http": 80, "https": 443}
"""Where a scheme is asked when the template names no port; tcp has none."""

ON_A_SOCKET = "http://unix:"
"""How nginx writes HTTP on a UNIX socket: ``http://unix:/run/app.sock:/up``."""

SHAPE = (
    "wants http://HOST:PORT/PATH, https://HOST:PORT/PATH, tcp://HOST:PORT, "
    "http://unix:SOCKET:/PATH or unix:SOCKET"
)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of one instance.

    Attributes:
        url: As a message has it.
        address: Empty for a UNIX socket.
        path: None for a bare connection.
        socket: Path of a UNIX socket; else empty.
        tls: The conversation is encrypted; no certificate is verified.
    """

    url: str
    address: str
    port: int
    path: str | None
    socket: str = ""
    tls: bool = False

    @property
    def place(self) -> str:
        return self.socket or f"{bracketed(self.address)}:{self.port}"

    @property
    def authority(self) -> str:
        """What the ``Host`` header says where no setting does."""
        return "localhost" if self.socket else self.place


def question_of(template: str, host: str, instance: Instance) -> Question:
    """Fill in a template.

    Raises:
        SettingsError: an unknown placeholder or scheme, no host, or no port.
    """
    try:
        unknown = {name for _, name, _, _ in Formatter().parse(template) if name is not None}
        unknown -= set(PLACEHOLDERS)
        if unknown:
            known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
            raise SettingsError([f"probe: {{{min(unknown)}}} is not one of {known}"])
        if template.startswith((ON_A_SOCKET, "unix:")):
            return _on_a_socket(
                template, template.format(host=host, port=instance.port, instance=instance.name)
            )
        url = template.format(
            host=bracketed(host), port=instance.port, instance=quote(instance.name, safe="")
        )
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme)
    except ValueError as error:
        raise SettingsError([f"probe: {template}: {error}"]) from error
    if parts.scheme not in {*PORTS, "tcp"} or not parts.hostname or not port:
        raise SettingsError([f"probe: {template}: {SHAPE}"])
    path = _spelled(parts.path, parts.query) if parts.scheme != "tcp" else None
    return Question(url, parts.hostname, port, path, tls=parts.scheme == "https")


def _on_a_socket(template: str, url: str) -> Question:
    if url.startswith("unix:"):
        socket, path = url.removeprefix("unix:"), None
    else:
        socket, colon, asked = url.removeprefix(ON_A_SOCKET).partition(":")
        if colon and not asked.startswith("/"):
            raise SettingsError([f"probe: {template}: {SHAPE}"])
        before, _, query = asked.partition("?")
        path = _spelled(before, query)
    if not socket.startswith("/"):
        raise SettingsError([f"probe: {template}: {SHAPE}"])
    return Question(url, "", 0, path, socket)


def _spelled(path: str, query: str) -> str:
    """Let nothing in a path end the request line."""
    asked = quote(path or "/", safe="/%:@!$&'()*+,;=~")
    return f"{asked}?{quote(query, safe='/%:@!$&()*+,;=~?')}" if query else asked


def bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address and not address.startswith("[") else address
