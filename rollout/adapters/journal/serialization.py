"""Holdings and holders as JSON, for the journal here and the lock on the load balancers' hosts.

Written by one version and read by another: what is missing has its default, what is unknown is
passed over.  What no run could have written (a host that is no host name, a weight of 300, a
server name with a blank) is an error: another hand wrote it, and it could end in a command.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from rollout.model.fleet import AdminState, Instance, ProcessIdentity, ProcessTree, Server, Target
from rollout.model.lock_state import Kind, LockOwner, Process
from rollout.model.ownership import OwnedTarget, ServerSnapshot
from rollout.model.releases import NAME as RELEASE
from rollout.text.hostnames import expand

Spelled = dict[str, Any]

_NAME = re.compile(r"[A-Za-z0-9_.:-]+")

UNREADABLE = (
    AttributeError,
    KeyError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What reading raises when another hand wrote it, or half of it."""


def spell_holding(owned_target: OwnedTarget) -> Spelled:
    """Write everything that another run needs to bring a target back."""
    target = owned_target.target
    return {
        "target": target.name,
        "host": target.host,
        "instances": [[one.name, one.port] for one in target.instances],
        "servers": [_spell_server(owned_target, server) for server in target.servers],
        "asked": {
            name: process and asdict(process) for name, process in owned_target.asked.items()
        },
        "release": owned_target.release,
        "relinked": owned_target.relinked,
        "returning": owned_target.returning,
    }


def _spell_server(owned_target: OwnedTarget, server: Server) -> Spelled:
    found = next(one for one in owned_target.found if one.server == server)
    return {
        "balancer": server.balancer,
        "backend": server.backend,
        "server": server.name,
        "behind": [one.name for one in owned_target.target.instances_by_server[server]],
        "weight": found.weight,
        "agent": found.agent,
        "status": found.status,
        "address": found.address,
        "port": found.port,
        "told": None
        if server not in owned_target.possible_states
        else list(map(str, owned_target.possible_states[server])),
    }


def read_holding(said: Mapping[str, Any]) -> OwnedTarget:
    """Read what :func:`spell_holding` wrote.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: it is something else.
    """
    instances = tuple(
        Instance(_text(name), _number(port, 0, 65_535)) for name, port in said["instances"]
    )
    known = {one.name: one for one in instances}
    rows = {
        Server(_name(row["balancer"]), _name(row["backend"]), _name(row["server"])): row
        for row in said["servers"]
    }
    return OwnedTarget(
        target=Target(
            name=_text(said["target"]),
            host=_host(said["host"]),
            servers=tuple(rows),
            instances=instances,
            instances_by_server={
                s: tuple(known[n] for n in row["behind"]) for s, row in rows.items()
            },
        ),
        found=tuple(
            ServerSnapshot(
                server,
                _number(row["weight"], 0, 256),
                bool(row["agent"]),
                _text(row["status"]),
                _text(row.get("address", "")),
                _number(row.get("port", 0), 0, 65_535),
            )
            for server, row in rows.items()
        ),
        possible_states={  # an empty list is another hand's, and is not "nothing was ordered yet"
            server: tuple(map(AdminState, row["told"]))
            for server, row in rows.items()
            if row.get("told") is not None
        },
        asked={known[name].name: _read_birth(process) for name, process in said["asked"].items()},
        release=_release(said.get("release", "")),
        relinked=bool(said.get("relinked", False)),
        returning=bool(said.get("returning", False)),
    )


def _read_birth(said: Mapping[str, Any] | None) -> ProcessIdentity | None:
    if said is None:
        return None
    started = said["started"]
    return ProcessIdentity(
        _number(said["pid"], 1, 1 << 31),
        None if started is None else _number(started, 0, 1 << 63),
        _text(said["boot"]),
        _read_tree(said.get("tree")),
    )


def _read_tree(said: Mapping[str, Any] | None) -> ProcessTree | None:
    if said is None:
        return None
    return ProcessTree(
        port=_number(said["port"], 0, 65_535),
        started=tuple(
            (_number(pid, 1, 1 << 31), _number(ticks, 0, 1 << 63)) for pid, ticks in said["started"]
        ),
        sockets=tuple(_number(one, 1, 1 << 63) for one in said["sockets"]),
        held=tuple(_number(one, 1, 1 << 63) for one in said["held"]),
    )


def _text(said: Any) -> str:  # noqa: ANN401 - whatever JSON can hold
    if not isinstance(said, str):
        raise TypeError(f"{said!r} is no text")
    return said


def _number(said: Any, least: int, most: int) -> int:  # noqa: ANN401 - as above
    if not isinstance(said, int) or isinstance(said, bool) or not least <= said <= most:
        raise ValueError(f"{said!r} is no number from {least} to {most}")
    return said


def _name(said: Any) -> str:  # noqa: ANN401 - as above
    if not _NAME.fullmatch(_text(said)):
        raise ValueError(f"{said!r} is no name of HAProxy's")
    return str(said)


def _host(said: Any) -> str:  # noqa: ANN401 - as above
    if expand(_text(said)) != (said,):
        raise ValueError(f"{said!r} is no host name")
    return str(said)


def _release(said: Any) -> str:  # noqa: ANN401 - as above
    if said and not RELEASE.fullmatch(_text(said)):
        raise ValueError(f"{said!r} is no release")
    return str(said)


def read_holdings(said: Iterable[Mapping[str, Any]]) -> tuple[OwnedTarget, ...]:
    """Read several; raises as :func:`read_holding` does."""
    return tuple(map(read_holding, said))


def spell_holder(owner: LockOwner) -> Spelled:
    """Write who holds a lock."""
    return asdict(owner)


def read_holder(said: Mapping[str, Any]) -> LockOwner:
    """Read what :func:`spell_holder` wrote; raises as :func:`read_holding` does."""
    process = said["process"]
    return LockOwner(
        run=_text(said["run"]),
        kind=Kind(said["kind"]),
        user=_text(said["user"]),
        process=Process(
            host=_text(process["host"]),
            machine=_text(process["machine"]),
            boot=_text(process["boot"]),
            namespace=_text(process["namespace"]),
            pid=_number(process["pid"], 0, 1 << 31),
            started=_number(process["started"], 0, 1 << 63),
        ),
        since=_text(said["since"]),
        command=_text(said.get("command", "")),
        reason=_text(said.get("reason", "")),
        sudo_user=_text(said.get("sudo_user", "")),
        client=_text(said.get("client", "")),
    )
