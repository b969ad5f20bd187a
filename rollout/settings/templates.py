"""Settings with blanks to fill in: ``{host}``, ``{port}`` and ``{instance}``."""

import re
from string import Formatter
from urllib.parse import urlsplit

from rollout.text.admin_sockets import tcp_socket
from rollout.text.suggest import did_you_mean

BLANKS = ("host", "port", "instance")

SITE = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*(:\d{1,5})?")
"""A name of DNS, perhaps with a port: the ``Host`` header, and the name that TLS is given."""


def fill(template: str, *, host: str, port: int, instance: str) -> str:
    """Fill in the blanks of a template that these checks have let through."""
    return template.format(host=host, port=port, instance=instance)


def a_server(template: str) -> str:
    """Let through what becomes a server's name in HAProxy; empty means "found by address".

    Raises:
        ValueError: an unknown blank, or it cannot become a name.
    """
    if not template:
        return template
    name = _filled(template)
    if not re.fullmatch(r"[A-Za-z0-9_.:-]+", name):
        raise ValueError(
            f"{template!r} cannot be a server's name: letters, digits and _ . : - only"
        )
    return template


def a_probe(template: str) -> str:
    """Let through the address that an instance must answer at; empty means no probe.

    Raises:
        ValueError: an unknown blank, another scheme, or no host and port or no socket in it.
    """
    if not template:
        return template
    if template.startswith(("unix:", "http://unix:")):
        return _a_socket(template)
    scheme, separator, _ = template.partition("://")
    if not separator or scheme not in {"http", "https", "tcp"}:
        raise ValueError(
            'must begin with "http://", "https://", "tcp://" or "unix:", like '
            '"http://127.0.0.1:{port}/up" or "http://unix:/run/{instance}.sock:/up"'
        )
    filled = _filled(template)
    try:
        address = urlsplit(filled)
        host, port = address.hostname, address.port
    except ValueError as error:
        raise ValueError(f"is not an address: {error}") from None
    if not host or any(character.isspace() for character in template):
        raise ValueError("has no host, or has a space in it")
    if scheme == "tcp" and (not port or address.path or address.query):
        raise ValueError('must look like "tcp://{host}:{port}", with nothing after the port')
    return template


def _a_socket(template: str) -> str:
    filled = _filled(template)
    socket, colon, path = filled.removeprefix("http://").removeprefix("unix:").partition(":")
    if any(character.isspace() for character in template):
        raise ValueError("has a space in it")
    plain = template.startswith("unix:")
    if not socket.startswith("/") or (colon and (plain or not path.startswith("/"))):
        raise ValueError(
            'must look like "http://unix:/run/{instance}.sock:/up", or like '
            '"unix:/run/{instance}.sock" for a bare connection'
        )
    return template


def a_host_header(name: str) -> str:
    """Let through what may stand in a ``Host`` header; empty means "as the probe says".

    Raises:
        ValueError: it cannot.
    """
    if name and not SITE.fullmatch(name):
        raise ValueError(f'{name!r} is not the name of a site, like "shop.example.com"')
    return name


def an_absolute_path(path: str) -> str:
    """Let through a path that means the same from wherever it is used.

    Raises:
        ValueError: it does not begin with a slash.
    """
    if not path.startswith("/"):
        raise ValueError(f"{path!r} must begin with /")
    return path


def an_admin_socket(said: str) -> str:
    """Let through a path or a TCP address.

    Raises:
        ValueError: it is neither.
    """
    tcp_socket(said)
    return said


def _filled(template: str) -> str:
    try:
        pieces = list(Formatter().parse(template))
    except ValueError:
        raise ValueError("has a { or } too many") from None
    for _, blank, form, conversion in pieces:
        if blank is None:
            continue
        if blank not in BLANKS:
            near = did_you_mean(blank, BLANKS) or " (there are {host}, {port} and {instance})"
            raise ValueError(f"{{{blank}}} is nothing we can fill in{near}")
        if form or conversion:
            raise ValueError(f"{{{blank}}} must stand alone in its braces")
    return fill(template, host="web1", port=8000, instance="app_8000")
