"""When each target that is back was last known to serve: folded from the events of a run.

Between its end and the final check no look is about one of them alone.  But HAProxy counts with
each reading how many servers of a backend get visitors: where it leaves out no more than the run
holds out itself, all others serve.  Where it leaves out more, nothing is known of any of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from rollout import events
from rollout.events import Event
from rollout.model.impact import BackendImpact, Place

HELD_OUT = frozenset({"maint", "drain"})


@dataclass(frozen=True, slots=True)
class LastServed:
    """What is known of it after some events, in seconds since the run began.

    Attributes:
        servers: The servers of each target that was owned, as ``backend/server@balancer``.
        out: Targets that HAProxy was seen to send nothing new.
        back: When each target ended its turn, and was seen to serve.
        whole: When each backend was last seen to lack no more servers than those of ``out``.
    """

    servers: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    out: frozenset[str] = frozenset()
    back: Mapping[str, float] = field(default_factory=dict[str, float])
    whole: Mapping[Place, float] = field(default_factory=dict[Place, float])

    def when(self, name: str) -> float | None:
        """Return when a target was last known to serve; None where it never was."""
        back = self.back.get(name)
        if back is None:
            return None
        places = {_place(server) for server in self.servers.get(name, ())}
        return max(back, min((self.whole.get(place, back) for place in places), default=back))


def note_served(before: LastServed, event: Event, elapsed: float) -> LastServed:
    """Return what is known after ``event``."""
    match event:
        case (
            events.TargetClaimed(target=name, servers=servers)
            | events.TargetAdopted(target=name, servers=servers)
        ):
            back = {other: at for other, at in before.back.items() if other != name}
            return replace(before, servers={**before.servers, name: servers}, back=back)
        case events.ServersChanged(target=name, gone=gone, new=new):
            kept = (one for one in before.servers.get(name, ()) if one not in gone)
            return replace(before, servers={**before.servers, name: (*kept, *new)})
        case (
            events.TargetDraining(target=name)
            | events.TargetInMaint(target=name)
            | events.RestartAsked(target=name)
            | events.TargetOnProbation(target=name)
        ):
            return replace(before, out=before.out | {name})
        case events.TargetReturned(target=name):
            return replace(before, out=before.out - {name})
        case events.TargetLeftOut(target=name, state=state):
            held = {name} if state in HELD_OUT else set[str]()
            return replace(before, out=(before.out - {name}) | held)
        case (
            events.TargetDone(target=name)
            | events.TargetRecovered(target=name)
            | events.TargetReturnedUntouched(target=name)
        ):
            known = {**before.back, name: elapsed}
            return replace(before, out=before.out - {name}, back=known)
        case events.TrafficSeen(backends=backends):
            return _count(before, backends, elapsed)
        case _:
            return before


def _count(before: LastServed, backends: Iterable[BackendImpact], elapsed: float) -> LastServed:
    whole = dict(before.whole)
    for one in backends:
        place = one.balancer, one.backend
        held = [server for name in before.out for server in before.servers.get(name, ())]
        ours = sum(_place(server) == place for server in held)
        if one.members and one.members - one.serving <= ours:
            whole[place] = elapsed
    return replace(before, whole=whole)


def _place(server: str) -> Place:
    backend, _, line = server.partition("/")
    return line.rpartition("@")[2], backend
