"""A past run is folded within bounds, whatever its length."""

import json
import tracemalloc
from collections.abc import Iterator

from rollout import events
from rollout.events import Event
from rollout.history.fold import fold_run
from rollout.output.past_log import log_lines
from tests.support.past_runs import began_line, play

HOSTS = tuple(f"web{number:03}" for number in range(200))


def restart_of(hosts: tuple[str, ...]) -> Iterator[Event]:
    yield events.RolloutStarted(targets=hosts, max_out=1, floor="50%")
    for name in hosts:
        yield events.TargetClaimed(target=name, servers=(f"app/{name}@lb1",))
        for waits in range(10):
            reason = f"{waits} sessions open"
            yield events.TargetWaiting(target=name, awaited="drained", reason=reason)
        yield events.RestartAsked(target=name, instances=("app",))
        yield events.TargetDone(target=name, seconds=9.0)
    yield events.RolloutFinished()


def test_the_memory_of_a_past_run_grows_with_its_events_and_not_with_events_times_hosts() -> None:
    text, _ = play(tuple(restart_of(HOSTS)))
    lines = [json.loads(row) for row in (began_line("5f0c21") + text).splitlines()]
    tracemalloc.start()
    try:
        record = fold_run("5f0c21", lines)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert record is not None
    assert len(record.events) == 13 * len(HOSTS) + 2
    assert taken < 1500 * len(record.events)


def test_the_log_tells_each_event_with_what_was_known_then() -> None:
    stream = (
        events.RolloutStarted(targets=("web1", "web2"), max_out=1, floor="1"),
        events.TargetLeftOut(target="web1", state="maint", reason="dead", asked=True, look=""),
        events.RolloutHalted(reason="web1: dead"),
    )
    text, _ = play(stream)
    record = fold_run("5f0c21", map(json.loads, (began_line("5f0c21") + text).splitlines()))
    assert record is not None
    *_, halted, _ = log_lines(record, ())
    assert halted.endswith(" rollout halted, no other host is restarted: web1 failed")
