"""How capacity and traffic went over a run: the readings of each backend, in steps of time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rollout.events import TrafficSeen
from rollout.model.impact import BackendImpact

STEPS = 240
"""Steps of time at most: more cannot be told apart in a drawing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficStep:
    """One step of time of one backend.

    Attributes:
        begin: Seconds since the run began.
        end: Likewise.
        serving: The fewest servers that got visitors at any reading of the step.
        members: Servers of the backend; 0 where they were not counted.
        floor: How many of them had to serve; 0 where no floor held.
        requests: Requests a second.
        failed: 5xx and broken responses a second.
    """

    begin: float
    end: float
    serving: int
    members: int
    floor: int
    requests: float
    failed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterGap:
    """A time of which no counter of a load balancer tells, in seconds since the run began.

    Attributes:
        begin: The last reading before it; of one that is late, the begin of the run.
        end: The first reading after it.
        reason: As in :class:`rollout.model.impact.ImpactGap`.
    """

    begin: float
    end: float
    reason: str


def gaps_by_balancer(
    traffic: Iterable[tuple[float, TrafficSeen]],
) -> Mapping[str, tuple[CounterGap, ...]]:
    """Return the gaps of each load balancer that has some, in order.

    Args:
        traffic: Each reading, with the seconds since the run began, in order.
    """
    found: dict[str, list[CounterGap]] = {}
    before: dict[tuple[str, str], float] = {}
    for elapsed, seen in traffic:
        so_far: dict[str, float] = {}  # each reading tells all that there were until then
        for told in seen.gaps:
            so_far[told.reason] = so_far.get(told.reason, 0.0) + told.seconds
        for reason, seconds in so_far.items():
            more = seconds - before.get((seen.balancer, reason), 0.0)
            if more > 0:
                gap = CounterGap(begin=max(0.0, elapsed - more), end=elapsed, reason=reason)
                found.setdefault(seen.balancer, []).append(gap)
            before[seen.balancer, reason] = seconds
    return {name: tuple(gaps) for name, gaps in found.items()}


def steps_by_place(
    traffic: Iterable[tuple[float, TrafficSeen]],
) -> Mapping[str, tuple[TrafficStep, ...]]:
    """Return for each backend, as ``lb1/app``, its steps of time, in order.

    The numbers of requests are the differences of two readings: the first one has none.

    Args:
        traffic: Each reading, with the seconds since the run began, in order.
    """
    readings: dict[str, list[tuple[float, BackendImpact]]] = {}
    for elapsed, seen in traffic:
        for backend in seen.backends:
            known = readings.setdefault(backend.place, [])
            if not known or elapsed > known[-1][0]:  # two readings of one moment have no rate
                known.append((elapsed, backend))
    return {place: _steps(readings[place]) for place in sorted(readings)}


def _steps(readings: Sequence[tuple[float, BackendImpact]]) -> tuple[TrafficStep, ...]:
    many = len(readings) - 1
    if many < 1:
        return ()
    count = min(many, STEPS)
    bounds = [many * n // count for n in range(count + 1)]
    return tuple(_step(readings[first : last + 1]) for first, last in pairwise(bounds))


def _step(readings: Sequence[tuple[float, BackendImpact]]) -> TrafficStep:
    (begin, first), *_, (end, last) = readings
    lowest = [one.serving for _, one in readings[:-1]]
    if last.lowest < first.lowest:  # the last reading of a run begins no step
        lowest.append(last.lowest)
    rose = last.counters.since(first.counters)
    return TrafficStep(
        begin=begin,
        end=end,
        serving=min(lowest),
        members=last.members,
        floor=last.floor,
        requests=max(0.0, rose.requests / (end - begin)),
        failed=max(0.0, rose.failed / (end - begin)),
    )
