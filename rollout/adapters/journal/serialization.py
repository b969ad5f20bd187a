"""Holdings and holders as JSON, for the journal here and the lock on the load balancers' hosts.

Written by one version and read by another: what is missing has its default, what is unknown is
passed over.  What no run could have written (a host that is no host name, a weight of 300, a
server name with a blank) is an error: rollout did not write it, and it could end in a command.

The classes below are the records as they stand on the disk; pydantic reads them.  A journal of
10,000 lines takes 2 to 9 % longer than by hand, the import 5 ms, and the first record 3 ms.
Texts are read by ``json`` before: pydantic's own parser refuses what is no UTF-8 in a command.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, Strict, TypeAdapter

from rollout.model.fleet import AdminState, Instance, ProcessIdentity, ProcessTree, Server, Target
from rollout.model.lock_state import Kind, LockOwner, Process
from rollout.model.ownership import OwnedTarget, ServerSnapshot, Silence
from rollout.model.releases import NAME as RELEASE
from rollout.text.hostnames import expand

Spelled = dict[str, Any]

UNREADABLE = (
    AttributeError,
    KeyError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What reading raises when rollout did not write it, or only half of it."""

LONGEST_WORD = 200
"""Characters that a run keeps of what a command printed of a silence, for another command."""

_NAME = re.compile(r"[A-Za-z0-9_.:-]+")


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError("this is no name of HAProxy's")
    return text


def _host(text: str) -> str:
    if expand(text) != (text,):
        raise ValueError("this is no host name")
    return text


def _release(text: str) -> str:
    if text and not RELEASE.fullmatch(text):
        raise ValueError("this is no release")
    return text


def _word(text: str) -> str:
    if not text.isprintable() or len(text) > LONGEST_WORD:
        raise ValueError("this is nothing that a run has kept of a silence")
    return text


Text = Annotated[str, Strict()]
Word = Annotated[Text, AfterValidator(_word)]
Name = Annotated[Text, AfterValidator(_name)]
Host = Annotated[Text, AfterValidator(_host)]
ReleaseName = Annotated[Text, AfterValidator(_release)]
Flag = Annotated[bool, BeforeValidator(bool)]
Weight = Annotated[int, Strict(), Field(ge=0, le=256)]
Port = Annotated[int, Strict(), Field(ge=0, le=65_535)]
Pid = Annotated[int, Strict(), Field(ge=1, le=1 << 31)]
Ticks = Annotated[int, Strict(), Field(ge=0, le=1 << 63)]
Inode = Annotated[int, Strict(), Field(ge=1, le=1 << 63)]


@dataclass(frozen=True)
class _Tree:
    port: Port
    started: tuple[tuple[Pid, Ticks], ...]
    sockets: tuple[Inode, ...]
    held: tuple[Inode, ...]


@dataclass(frozen=True)
class _Process:
    pid: Pid
    started: Ticks | None
    boot: Text
    tree: _Tree | None = None


@dataclass(frozen=True)
class _Server:
    balancer: Name
    backend: Name
    server: Name
    behind: tuple[Text, ...]
    weight: Weight
    agent: Flag
    status: Text
    address: Text = ""
    port: Port = 0
    told: tuple[AdminState, ...] | None = None


@dataclass(frozen=True)
class _Silence:
    run: Word
    number: Word


@dataclass(frozen=True)
class _Holding:
    target: Text
    host: Host
    instances: tuple[tuple[Text, Port], ...]
    servers: tuple[_Server, ...]
    asked: dict[Text, _Process | None]
    release: ReleaseName = ""
    relinked: Flag = False
    returning: Flag = False
    since: Text = ""
    silence: _Silence | None = None


@dataclass(frozen=True)
class _OwnerProcess:
    host: Text
    machine: Text
    boot: Text
    namespace: Text
    pid: Annotated[int, Strict(), Field(ge=0, le=1 << 31)]
    started: Ticks


@dataclass(frozen=True)
class _Owner:
    run: Text
    kind: Kind
    user: Text
    process: _OwnerProcess
    since: Text
    command: Text = ""
    reason: Text = ""
    sudo_user: Text = ""
    client: Text = ""


@cache
def _holdings() -> TypeAdapter[_Holding]:
    return TypeAdapter(_Holding)


@cache
def _owners() -> TypeAdapter[_Owner]:
    return TypeAdapter(_Owner)


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
        **({"since": owned_target.since} if owned_target.since else {}),
        **({"silence": asdict(owned_target.silence)} if owned_target.silence else {}),
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
        KeyError, ValueError: it is something else.
    """
    read = _holdings().validate_python(said)
    instances = tuple(Instance(name, port) for name, port in read.instances)
    known = {one.name: one for one in instances}
    rows = {Server(row.balancer, row.backend, row.server): row for row in read.servers}
    return OwnedTarget(
        target=Target(
            name=read.target,
            host=read.host,
            servers=tuple(rows),
            instances=instances,
            instances_by_server={s: tuple(known[n] for n in row.behind) for s, row in rows.items()},
        ),
        found=tuple(
            ServerSnapshot(server, row.weight, row.agent, row.status, row.address, row.port)
            for server, row in rows.items()
        ),
        possible_states={  # an empty list: changed from outside, not "nothing ordered yet"
            server: row.told for server, row in rows.items() if row.told is not None
        },
        asked={known[name].name: _identity(process) for name, process in read.asked.items()},
        release=read.release,
        relinked=read.relinked,
        returning=read.returning,
        since=read.since,
        silence=None if read.silence is None else Silence(**vars(read.silence)),
    )


def _identity(read: _Process | None) -> ProcessIdentity | None:
    if read is None:
        return None
    tree = None if read.tree is None else ProcessTree(**vars(read.tree))
    return ProcessIdentity(read.pid, read.started, read.boot, tree)


def read_holdings(said: Iterable[Mapping[str, Any]]) -> tuple[OwnedTarget, ...]:
    """Read several; raises as :func:`read_holding` does."""
    return tuple(map(read_holding, said))


def spell_holder(owner: LockOwner) -> Spelled:
    """Write who holds a lock."""
    return asdict(owner)


def read_holder(said: Mapping[str, Any]) -> LockOwner:
    """Read what :func:`spell_holder` wrote; raises as :func:`read_holding` does."""
    read = _owners().validate_python(said)
    return LockOwner(**{**vars(read), "process": Process(**vars(read.process))})
