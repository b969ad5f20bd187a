"""Holdings and holders as JSON, for the journal here and the lock on the load balancers' hosts.

Written by one version and read by another: what is missing has its default, what is unknown is
passed over.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from rollout.fleet import AdminState, Birth, Instance, Seat, Target
from rollout.holders import Holder, Kind, Process
from rollout.holdings import Holding, Owned

Spelled = dict[str, Any]

UNREADABLE = (
    AttributeError,
    KeyError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What reading raises when somebody else wrote it, or half of it."""


def spell_holding(holding: Holding) -> Spelled:
    """Write everything that another run needs to bring a target back."""
    target = holding.target
    return {
        "target": target.name,
        "host": target.host,
        "instances": [[one.name, one.port] for one in target.instances],
        "seats": [_spell_seat(holding, seat) for seat in target.seats],
        "asked": {name: birth and asdict(birth) for name, birth in holding.asked.items()},
        "release": holding.release,
        "relinked": holding.relinked,
        "returning": holding.returning,
    }


def _spell_seat(holding: Holding, seat: Seat) -> Spelled:
    found = next(one for one in holding.found if one.seat == seat)
    return {
        "balancer": seat.balancer,
        "backend": seat.backend,
        "server": seat.server,
        "behind": [one.name for one in holding.target.behind[seat]],
        "weight": found.weight,
        "agent": found.agent,
        "status": found.status,
        "told": [str(state) for state in holding.told.get(seat, ())],
    }


def read_holding(said: Mapping[str, Any]) -> Holding:
    """Read what :func:`spell_holding` wrote.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: it is something else.
    """
    instances = tuple(Instance(str(name), int(port)) for name, port in said["instances"])
    known = {one.name: one for one in instances}
    rows = {
        Seat(str(row["balancer"]), str(row["backend"]), str(row["server"])): row
        for row in said["seats"]
    }
    return Holding(
        target=Target(
            name=str(said["target"]),
            host=str(said["host"]),
            seats=tuple(rows),
            instances=instances,
            behind={s: tuple(known[n] for n in row["behind"]) for s, row in rows.items()},
        ),
        found=tuple(
            Owned(seat, int(row["weight"]), bool(row["agent"]), str(row["status"]))
            for seat, row in rows.items()
        ),
        told={s: tuple(map(AdminState, row["told"])) for s, row in rows.items() if row["told"]},
        asked={name: _read_birth(birth) for name, birth in said["asked"].items()},
        release=str(said.get("release", "")),
        relinked=bool(said.get("relinked", False)),
        returning=bool(said.get("returning", False)),
    )


def _read_birth(said: Mapping[str, Any] | None) -> Birth | None:
    if said is None:
        return None
    started = said["started"]
    return Birth(int(said["pid"]), None if started is None else int(started), str(said["boot"]))


def read_holdings(said: Iterable[Mapping[str, Any]]) -> tuple[Holding, ...]:
    """Read several; raises as :func:`read_holding` does."""
    return tuple(map(read_holding, said))


def spell_holder(holder: Holder) -> Spelled:
    """Write who holds a lock."""
    return asdict(holder)


def read_holder(said: Mapping[str, Any]) -> Holder:
    """Read what :func:`spell_holder` wrote; raises as :func:`read_holding` does."""
    process = said["process"]
    return Holder(
        run=str(said["run"]),
        kind=Kind(said["kind"]),
        user=str(said["user"]),
        process=Process(
            host=str(process["host"]),
            machine=str(process["machine"]),
            boot=str(process["boot"]),
            namespace=str(process["namespace"]),
            pid=int(process["pid"]),
            started=int(process["started"]),
        ),
        since=str(said["since"]),
        command=str(said.get("command", "")),
        reason=str(said.get("reason", "")),
    )
