"""What we say to HAProxy, as text: names checked, commands joined into few lines.

Commands of one line are separated by ``;`` because HAProxy 3.4 obeys only the first of several
lines, while 2.6 and 2.8 obey them all (measured).
"""

import re
from collections.abc import Iterator, Sequence

from rollout.model.errors import BalancerError
from rollout.model.fleet import AdminState, Server

NAME = re.compile(r"[A-Za-z0-9_.:-]+")
"""What HAProxy accepts as the name of a proxy or server; no ``;``, no space, no line end."""

HEAVIEST = 256

LONGEST_LINE = 8000
"""Half of HAProxy's default ``tune.bufsize``, into which a command has to fit."""


def look_line(balancer: str, backends: Sequence[str]) -> str:
    """Ask for the process, the figures and the administrative state, all in one line.

    No ``backends`` means all of them.  So does a list too long for one line: two lines could be
    answered by two processes; the reader leaves out what was not asked for.

    Raises:
        BalancerError: a name could hide a second command.
    """
    asked = [_checked(balancer, name) for name in backends]
    parts = [f"show stat {name} 4 -1;show servers state {name}" for name in asked]
    line = ";".join(["show info", *parts])
    if parts and len(line) <= LONGEST_LINE:
        return line
    return "show info;show stat -1 4 -1;show servers state"


def traffic_line(*, servers: bool) -> str:
    """Ask for the process and what every backend has counted; with ``servers`` each server too.

    Of all proxies: by a name that a frontend has as well, ``show stat`` answers for the frontend.
    """
    return f"show info;show stat -1 {6 if servers else 2} -1"


def state_commands(servers: Sequence[Server], state: AdminState) -> list[str]:
    """``set server B/S state …`` for each server."""
    return [f"set server {_place(server)} state {state}" for server in servers]


def agent_commands(servers: Sequence[Server], *, on: bool) -> list[str]:
    """``enable agent B/S`` or ``disable agent B/S`` for each server."""
    verb = "enable" if on else "disable"
    return [f"{verb} agent {_place(server)}" for server in servers]


def weight_command(server: Server, weight: int) -> str:
    """``set server B/S weight N``, N from 0 to 256."""
    if not 0 <= weight <= HEAVIEST:
        raise BalancerError(
            server.balancer, f"weight {weight} of {server} is not between 0 and {HEAVIEST}"
        )
    return f"set server {_place(server)} weight {weight}"


def cut_commands(servers: Sequence[Server]) -> list[str]:
    """``shutdown sessions server B/S`` for each server."""
    return [f"shutdown sessions server {_place(server)}" for server in servers]


def packed(commands: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Share ``commands`` out over as few lines as HAProxy can take, in order."""
    batch: list[str] = []
    length = 0
    for command in commands:
        if batch and length + len(command) + 1 > LONGEST_LINE:
            yield tuple(batch)
            batch, length = [], 0
        batch.append(command)
        length += len(command) + 1
    if batch:
        yield tuple(batch)


def _place(server: Server) -> str:
    backend = _checked(server.balancer, server.backend)
    return f"{backend}/{_checked(server.balancer, server.name)}"


def _checked(balancer: str, name: str) -> str:
    if not NAME.fullmatch(name):
        raise BalancerError(
            balancer,
            f"{name!r} cannot be a name in HAProxy",
            "use letters, digits, and _ . : - only, as HAProxy itself demands",
        )
    return name
