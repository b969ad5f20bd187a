"""What would keep a rollout from working on this HAProxy, found before anything is touched."""

import difflib
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from rollout.adapters.haproxy.admin_socket import AdminSocket
from rollout.adapters.haproxy.commands import look_line
from rollout.adapters.haproxy.reply_parser import read_look
from rollout.model.errors import RolloutError
from rollout.model.fleet import BalancerSnapshot, Finding
from rollout.text.admin_sockets import USUAL, stats_socket


async def examined(wire: AdminSocket, backends: Sequence[str]) -> tuple[Finding, ...]:
    """Findings from the outside inwards; what lies behind the first closed door is not judged."""
    try:
        path = wire.far
        spoken = await wire.ask_plainly("show cli level;show info;show backend")
        if stranger := _stranger(wire.name, path, spoken):
            return (stranger,)
        return (
            *_level(wire.name, path, spoken),
            *_unknown(wire.name, backends, spoken),
            *await _empty_and_followers(wire, backends, spoken),
        )
    except RolloutError as error:
        return (_finding(wire.name, error),)


def _finding(where: str, error: RolloutError) -> Finding:
    what = getattr(error, "what", str(error))
    return Finding(where, what, error.fix or "see the cause")


def _stranger(where: str, path: Path, spoken: str) -> Finding | None:
    """Another process than the HAProxy that carries the traffic answers."""
    if "\nName: " in f"\n{spoken}":
        return None
    if "show proc" in spoken:
        worker = stats_socket(str(path.with_name("admin.sock")) if path.is_absolute() else USUAL)
        return Finding(
            where,
            f"{path} is HAProxy's master socket (-S), which knows no servers",
            f"in `global`, give the worker a socket, `{worker}`, and set `socket` to it",
        )
    first = spoken.strip().split("\n", 1)[0] or "nothing"
    fix = "set `socket` to the path after `stats socket` in HAProxy's configuration"
    return Finding(where, f"{path} does not speak like HAProxy; it said: {first}", fix)


def _level(where: str, path: Path, spoken: str) -> Iterator[Finding]:
    level = spoken.split("\n", 1)[0].strip()
    if level != "admin":
        what = f"{path} has level {level}; changing a server's state needs level admin"
        fix = f"in `global` of HAProxy's configuration: `{stats_socket(str(path))}`, then reload"
        yield Finding(where, what, fix)


def _unknown(where: str, backends: Sequence[str], spoken: str) -> Iterator[Finding]:
    there = _backends_of(spoken)
    for name in backends:
        if name not in there:
            near = difflib.get_close_matches(name, there, n=3) or there[:10]
            fix = f"it has: {', '.join(near)}" if near else "it has no backend at all"
            yield Finding(where, f"HAProxy has no backend {name}", fix)


async def _empty_and_followers(
    wire: AdminSocket, backends: Sequence[str], spoken: str
) -> tuple[Finding, ...]:
    """Backends without a server, and servers that ``track`` one which we would leave alone.

    A tracking server obeys by itself (measured on 2.6 and 2.8: its own bits come and go, those it
    inherits do not), but the server it follows is the same app, and would keep its visitors.
    """
    named = [name for name in backends if name in _backends_of(spoken)]
    if not named:
        return ()
    reading: BalancerSnapshot = await wire.ask(
        look_line(wire.name, ()), partial(read_look, wire.name, named, whole=True)
    )
    filled = {server.backend for server in reading.servers}
    fix = "it has none in HAProxy's file; take it out of `backends` if it needs none"
    empty = [
        Finding(wire.name, f"HAProxy shows no server in backend {name}", fix)
        for name in named
        if name not in filled
    ]
    return *empty, *(
        Finding(
            wire.name,
            f"{server.backend}/{server.name} follows {state.tracks}, which would stay in rotation",
            f"add {_backend_of(state.tracks)} to `backends`",
        )
        for server, state in reading.servers.items()
        if state.tracks and _backend_of(state.tracks) not in backends
    )


def _backend_of(place: str) -> str:
    return place.partition("/")[0]


def _backends_of(spoken: str) -> list[str]:
    _, _, listed = f"\n{spoken}".partition("\n# name\n")
    return [name for name in listed.split("\n\n", 1)[0].split("\n") if name]
