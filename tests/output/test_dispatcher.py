"""The fan-out: stamped once, shown to all who still listen, and never in the rollout's way."""

from dataclasses import replace

import pytest

from rollout import events
from rollout.output.dispatcher import Broadcast
from rollout.output.messages import Recipients, RunResult, StampedEvent
from rollout.summary.run import Exit
from tests.output.recorded_runs import RICH, Memory, account_of, broadcast_to


class Ear:
    def __init__(self) -> None:
        self.heard: list[StampedEvent] = []
        self.ending: RunResult | None = None

    def show(self, told: StampedEvent) -> None:
        self.heard.append(told)

    def end(self, ending: RunResult) -> None:
        self.ending = ending


class Broken(Ear):
    def show(self, told: StampedEvent) -> None:
        super().show(told)
        raise OSError(28, "No space left on device\x1b[2J")


class BrokenAtTheEnd(Ear):
    def end(self, ending: RunResult) -> None:
        super().end(ending)
        raise ValueError


def test_everyone_hears_the_same_stamp() -> None:
    one, other = Ear(), Ear()
    broadcast = broadcast_to(one, other)
    for event in RICH[:3]:
        broadcast.tell(event)
    assert one.heard == other.heard
    assert [(t.number, t.at, t.event) for t in one.heard] == [
        (1, "2026-11-22T19:37:01Z", RICH[0]),
        (2, "2026-11-22T19:37:02Z", RICH[1]),
        (3, "2026-11-22T19:37:03Z", RICH[2]),
    ]


def test_the_account_is_kept_even_when_nobody_listens() -> None:
    broadcast = broadcast_to()
    for event in RICH:
        broadcast.tell(event)
    timed = {name: replace(line, phases={}) for name, line in broadcast.summary.lines.items()}
    untimed = {
        name: replace(timed[name], seconds=line.seconds)
        for name, line in account_of(RICH).lines.items()
    }
    assert replace(broadcast.summary, lines=untimed) == account_of(RICH)
    assert broadcast.end().exit_code is Exit.REDUCED


def test_a_broken_renderer_is_dropped_with_one_line_and_the_others_go_on() -> None:
    broken, ear, stderr = Broken(), Ear(), Memory()
    broadcast = broadcast_to(broken, ear, complain=stderr)
    for event in RICH:
        broadcast.tell(event)
    assert len(broken.heard) == 1
    assert len(ear.heard) == len(RICH)
    assert stderr.text == "rollout: an output was dropped: [Errno 28] No space left on device\n"


def test_a_renderer_that_breaks_at_the_end_does_not_change_the_ending() -> None:
    broken, ear, stderr = BrokenAtTheEnd(), Ear(), Memory()
    ending = broadcast_to(broken, ear, complain=stderr).end()
    assert ear.ending == ending
    assert stderr.text == "rollout: an output was dropped: ValueError\n"


def test_when_even_stderr_is_broken_the_rollout_goes_on() -> None:
    class Closed(Memory):
        def write(self, text: str) -> None:
            raise BrokenPipeError(text)

    broadcast = broadcast_to(Broken(), complain=Closed())
    broadcast.tell(RICH[0])
    assert broadcast.summary == account_of(RICH[:1])


@pytest.mark.parametrize("outside", [Exit.BUG, Exit.USAGE, Exit.BUSY])
def test_what_no_event_tells_is_said_at_the_end_unless_somebody_is_out(outside: Exit) -> None:
    broadcast = broadcast_to()
    assert broadcast.end(outside).exit_code is outside
    broadcast.tell(events.TargetClaimed(target="web1", servers=()))
    assert broadcast.end(outside).exit_code is Exit.REDUCED


class Slow:
    """A delivery that takes all the time it is given."""

    def __init__(self, clock: "Hands") -> None:
        self._clock = clock

    def finish(self, most: float | None = None) -> None:
        self._clock.now += 30.0 if most is None else most

    def give_up(self) -> None:
        raise AssertionError("no signal came")


class Hands:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(("hurry", "seconds"), [(True, 1.0), (False, 120.0)])
def test_after_a_second_ctrl_c_all_that_is_on_its_way_has_one_second_together(
    *, hurry: bool, seconds: float
) -> None:
    clock = Hands()
    recipients = Recipients(deliveries=[Slow(clock) for _ in range(4)])
    broadcast = Broadcast(
        [],
        run="5f0c21",
        utc_now=lambda: "2026-11-22T19:37:02Z",
        monotonic=clock,
        complain=print,
        recipients=recipients,
    )
    if hurry:
        broadcast.hurry()
    broadcast.end(timeout=1.0)
    assert clock.now == seconds
