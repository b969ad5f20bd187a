"""What was said to ``rollout init`` on the command line."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from rollout.cli import options as row
from rollout.cli.arguments import Arguments
from rollout.discovery.fleet import NAME, SocketPlace
from rollout.model.errors import SettingsError
from rollout.settings.options import Option
from rollout.text.hostnames import split_names

REMOTE = re.compile(r"(?P<host>[A-Za-z0-9_.][A-Za-z0-9_.-]*):(?P<socket>/.*|.+:[0-9]+)")
USUAL_SOCKET = "/run/haproxy/admin.sock"


@dataclass(frozen=True, slots=True, kw_only=True)
class InitRequest:
    """The answers that need no question.

    Attributes:
        places: The admin sockets; none: to be found or asked for.
        hosts: The name of a host by address, or by the name of a server.
        given: Something was said about the fleet.
    """

    places: tuple[SocketPlace, ...] = ()
    backends: tuple[str, ...] = ()
    hosts: dict[str, str]
    match: str = ""
    app: str = ""
    ssh_config: str = ""
    yes: bool = False
    force: bool = False
    given: bool = False


def request_of(arguments: Arguments) -> InitRequest:
    """Read the options.

    Raises:
        SettingsError: one of them cannot be read, or two of them contradict each other.
    """
    yes = arguments.is_on(row.YES)
    return InitRequest(
        places=_places(arguments),
        backends=tuple(
            name for said in _several(arguments, row.BACKEND) for name in split_names(said)
        ),
        hosts=dict(_pair(row.HOST, said) for said in _several(arguments, row.HOST)),
        match=_regex(arguments.text(row.MATCH) or ""),
        app=_app(arguments.text(row.APP) or ""),
        ssh_config=arguments.text(row.SSH_CONFIG) or "",
        yes=yes,
        force=arguments.is_on(row.FORCE),
        given=yes or any(arguments.values.get(option) for option in row.INIT),
    )


def named_places(sockets: Sequence[str]) -> tuple[SocketPlace, ...]:
    """Name admin sockets by their hosts: ``[HOST:]PATH``; those of this machine are ``lb1`` on."""
    found: list[SocketPlace] = []
    for said in sockets:
        place = _place("", said)
        taken = {one.name for one in found}
        name = place.ssh if place.ssh and place.ssh not in taken else ""
        number = 1
        while not name or name in taken:
            name, number = f"lb{number}", number + 1
        found.append(SocketPlace(name=name, ssh=place.ssh, socket=place.socket))
    return tuple(found)


def _places(arguments: Arguments) -> tuple[SocketPlace, ...]:
    socket, ssh = arguments.text(row.SOCKET), arguments.text(row.SSH)
    several = _several(arguments, row.LB)
    if several and (socket or ssh):
        raise SettingsError(["--lb says it all: leave out --socket and --ssh"])
    if several:
        places = tuple(_place(*_pair(row.LB, said)) for said in several)
        if len({one.name for one in places}) < len(places):
            raise SettingsError(["--lb: a name stands for two load balancers"])
        return places
    if not socket and not ssh:
        return ()
    return (SocketPlace(name=ssh or "lb1", ssh=ssh or "", socket=socket or USUAL_SOCKET),)


def _place(name: str, said: str) -> SocketPlace:
    remote = None if said.startswith(("/", "[")) else REMOTE.fullmatch(said)
    if remote:
        return SocketPlace(name=name, ssh=remote["host"], socket=remote["socket"])
    return SocketPlace(name=name, socket=said)


def _several(arguments: Arguments, option: Option) -> Sequence[str]:
    return cast("Sequence[str] | None", arguments.values.get(option)) or ()


def _pair(option: Option, said: str) -> tuple[str, str]:
    before, equals, after = said.partition("=")
    if not (before and equals and after):
        raise SettingsError([f"{option.flag}: {said!r} must be written {option.metavar}"])
    return before, after


def _app(said: str) -> str:
    if said and not NAME.fullmatch(said):
        raise SettingsError([f"--app: {said!r} is not a name: letters, digits and _ . : - only"])
    return said


def _regex(said: str) -> str:
    try:
        re.compile(said)
    except re.error as error:
        raise SettingsError([f"--match: {said!r} is not a regular expression: {error}"]) from None
    return said
