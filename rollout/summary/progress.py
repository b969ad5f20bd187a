"""When things happened in a run: folded from its stamped events, for a screen that shows clocks.

All times are seconds since the run began.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from rollout import events
from rollout.events import Event
from rollout.model.traffic import TrafficCounters
from rollout.model.usual_times import TurnTimes
from rollout.summary.last_served import LastServed, note_served
from rollout.summary.out_times import (
    BOOT,
    DRAIN,
    ENTERS,
    MAINT,
    PHASES,
    Entering,
    drain_began,
)
from rollout.text.timestamps import seconds_between


@dataclass(frozen=True, slots=True)
class Turn:
    """A target that is on its way.

    Attributes:
        began: When it left rotation; before 0 where an earlier run took it out.
        phase: Where it is: ``drain``, ``maint``, ``boot``, ``check`` or ``watch``.
        since: When it came there.
        back: When it was in rotation again; None until then.
        ends: When its wait is given up, or its watch is over; None where no event told.
    """

    began: float
    phase: str
    since: float
    back: float | None = None
    ends: float | None = None

    def out_again(self, elapsed: float) -> "Turn":
        """Return it as left out now: the time for which it was back is no time out."""
        if self.back is None:
            return self
        return replace(self, began=self.began + elapsed - self.back, back=None)


@dataclass(frozen=True, slots=True)
class StepTime:
    """A step of the transaction.

    Attributes:
        name: Its name.
        began: When it began.
        seconds: How long it took; None while it is under way, and where it was left unfinished.
    """

    name: str
    began: float
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Soak:
    """A wave that carries traffic before the next one is risked.

    Attributes:
        targets: Its targets.
        ends: When it is over, if it holds.
        carried: What its servers carried so far; None until it was read.
        others: What the other servers of the same backends carried meanwhile.
    """

    targets: tuple[str, ...]
    ends: float
    carried: TrafficCounters | None = None
    others: TrafficCounters = field(default_factory=TrafficCounters)


@dataclass(frozen=True, slots=True)
class Progress:
    """The clocks of a run after some events.

    Attributes:
        turns: Targets on their way, or left out of rotation.
        waits: When the wait of a target that has no turn yet is given up.
        steps: The steps of the transaction, in order.
        soak: The soak that is under way.
        walk: The targets of the rolling restart that is under way, in order.
        canaries: How many of them go first.
        soak_seconds: How long those carry traffic before the next one goes.
        done: The turns that ended well in this run, the newest last.
        read: When each load balancer was last heard of its traffic.
        question: The terminal is asked whether to go on after a pause.
        answer_by: When the run halts without an answer; None where it waits.
        served: When each target that is back was last known to serve.
    """

    turns: Mapping[str, Turn] = field(default_factory=dict[str, Turn])
    waits: Mapping[str, float] = field(default_factory=dict[str, float])
    steps: tuple[StepTime, ...] = ()
    soak: Soak | None = None
    walk: tuple[str, ...] = ()
    canaries: int = 0
    soak_seconds: float = 0.0
    done: tuple[TurnTimes, ...] = ()
    read: Mapping[str, float] = field(default_factory=dict[str, float])
    question: bool = False
    answer_by: float | None = None
    served: LastServed = field(default_factory=LastServed)


def advance(progress: Progress, event: Event, elapsed: float, at: str) -> Progress:
    """Return the clocks after ``event``.

    Args:
        progress: The clocks before it.
        event: What happened.
        elapsed: Seconds since the run began.
        at: The moment, in UTC.
    """
    progress = replace(progress, served=note_served(progress.served, event, elapsed))
    match event:
        case events.TargetClaimed(target=name) | events.TargetPrepared(target=name):
            progress = replace(progress, soak=None)
            return _with_turn(progress, name, Turn(elapsed, DRAIN, elapsed))
        case events.TargetDraining():
            return _drain(progress, event, elapsed, at)
        case events.TargetAdopted(target=name, asked=asked, since=since):
            began = elapsed - (seconds_between(since, at) or 0.0)
            known = progress.turns.get(name)
            turn = Turn(known.began if known else began, BOOT if asked else MAINT, elapsed)
            return _with_turn(progress, name, turn)
        case events.TargetWaiting(target=name, left=left):
            return _wait(progress, name, None if left is None else elapsed + left)
        case events.TargetDone() | events.TargetRecovered() | events.TargetReturnedUntouched():
            turns = {n: turn for n, turn in progress.turns.items() if n != event.target}
            ended = replace(progress, turns=turns)
            if isinstance(event, events.TargetDone):
                spent = TurnTimes(out=event.seconds, phases=event.phases)
                ended = replace(ended, done=(*progress.done, spent))
            return ended
        case events.TargetLeftOut(target=name) if name in progress.turns:
            return _with_turn(progress, name, progress.turns[name].out_again(elapsed))
        case _ if isinstance(event, ENTERS):
            return _enter(progress, event, elapsed)
        case events.RolloutStarted(targets=walk, canaries=canaries, soak=soak):
            return replace(progress, walk=walk, canaries=canaries, soak_seconds=soak)
        case _:
            return _of_the_run(progress, event, elapsed)


def _of_the_run(progress: Progress, event: Event, elapsed: float) -> Progress:
    match event:
        case events.SoakStarted(targets=targets, seconds=seconds):
            return replace(progress, soak=Soak(targets, elapsed + seconds))
        case events.SoakSeen(carried=carried, others=others) if progress.soak is not None:
            return replace(progress, soak=replace(progress.soak, carried=carried, others=others))
        case events.RolloutFinished() | events.RolloutHalted():
            return replace(progress, soak=None)
        case events.StepStarted(step=step):
            begun = StepTime(step, elapsed)
            return replace(progress, steps=(*_finished(progress, elapsed), begun))
        case events.ReleaseInPlace():
            return replace(progress, steps=_finished(progress, elapsed))
        case events.RolloutPaused(asks=asks, seconds=seconds):
            ends = elapsed + seconds if seconds else None
            return replace(progress, question=asks, answer_by=ends)
        case events.TrafficSeen(balancer=balancer):
            return replace(progress, read={**progress.read, balancer: elapsed})
        case _:
            return progress


def _with_turn(progress: Progress, name: str, turn: Turn) -> Progress:
    waits = {n: end for n, end in progress.waits.items() if n != name}
    return replace(progress, turns={**progress.turns, name: turn}, waits=waits)


def _drain(progress: Progress, event: events.TargetDraining, elapsed: float, at: str) -> Progress:
    """Let the turn of a target begin when a load balancer was first told, not with its claim."""
    turn = progress.turns.get(event.target)
    if turn is None or turn.phase != DRAIN:
        return progress
    began = drain_began(event, elapsed, at, turn.began)
    return _with_turn(progress, event.target, replace(turn, began=began, since=began))


def _wait(progress: Progress, name: str, ends: float | None) -> Progress:
    """Note when the wait of a target is given up."""
    if (turn := progress.turns.get(name)) is not None:
        return _with_turn(progress, name, replace(turn, ends=ends))
    others = {n: end for n, end in progress.waits.items() if n != name}
    return replace(progress, waits=others if ends is None else {**others, name: ends})


def _enter(progress: Progress, event: Entering, elapsed: float) -> Progress:
    """Let a target come into another phase of its turn."""
    before = progress.turns.get(event.target, Turn(elapsed, DRAIN, elapsed))
    turn = replace(before, phase=PHASES[type(event)], since=elapsed, ends=None)
    if isinstance(event, events.TargetReturned):
        ends = None if event.watched is None else elapsed + event.watched
        turn = replace(turn, back=elapsed, ends=ends)
    return _with_turn(progress, event.target, turn)


def _finished(progress: Progress, elapsed: float) -> tuple[StepTime, ...]:
    """Return the steps, the last one with the time that it took."""
    if not progress.steps:
        return ()
    *before, last = progress.steps
    seconds = elapsed - last.began if last.seconds is None else last.seconds
    return (*before, replace(last, seconds=seconds))
