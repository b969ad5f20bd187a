"""The summary of a run that went wrong: its first words are true, and its lines can be typed."""

import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import replace

import pytest

from rollout import events
from rollout.events import Event
from rollout.model.impact import BackendImpact
from rollout.model.traffic import TrafficCounters
from rollout.output.messages import RunResult
from rollout.output.report.report import summary_text
from rollout.summary.run import Exit
from tests.output.recorded_runs import BEGAN, GOOD, HINTS, RICH, ending_of, unbroken

LEFT = events.TargetLeftOut(target="web2", state="maint", reason="dead", asked=True, look="")
HALTED = events.RolloutHalted(reason="web2: dead")
BEGIN = events.RolloutStarted(targets=("web1", "web2"), max_out=1, floor="1")
SERVERS = {"app/web1@lb1": TrafficCounters(requests=9)}


def backend(place: str, serving: int, members: int = 3, floor: int = 2) -> BackendImpact:
    balancer, _, name = place.partition("/")
    return BackendImpact(
        balancer=balancer, backend=name, serving=serving, members=members, floor=floor
    )


def first_words(*measured: Event) -> str:
    """Return the first paragraph of a run that left web2 out, up to how it ended."""
    said = unbroken(ending_of((BEGIN, LEFT, *measured, HALTED))).splitlines()[0]
    return said.removeprefix("rollout: ").partition(" Halted, ")[0]


def measured(*backends: BackendImpact, unread: Sequence[str] = ()) -> Event:
    silent = dict.fromkeys(unread, "no answer")
    return events.ImpactMeasured(backends=backends, servers=SERVERS, unread=silent)


@pytest.mark.parametrize(
    ("backends", "unread", "said"),
    [
        ([backend("lb1/app", 2)], [], "On lb1/app 2 of 3 servers serve; floor 2 holds."),
        ([backend("lb1/app", 1)], [], "On lb1/app 1 of 3 servers serves; floor 2 does not hold."),
        ([backend("lb1/app", 2, floor=0)], [], "On lb1/app 2 of 3 servers serve."),
        (
            [backend("lb1/app", 2), backend("lb2/app", 2)],
            [],
            "On each of lb1/app, lb2/app 2 of 3 servers serve; floor 2 holds.",
        ),
        (
            [backend("lb1/app", 2), backend("lb2/app", 1)],
            [],
            (
                "On lb1/app 2 of 3 servers serve, floor 2 holds; "
                "on lb2/app 1 of 3 servers serves, floor 2 does not hold."
            ),
        ),
        (
            [backend(f"lb{n}/app", n) for n in (3, 2, 1, 4)],
            [],
            "On lb1/app, the tightest, 1 of 3 servers serves; floor 2 does not hold.",
        ),
        (
            [backend("lb1/app", 2), backend("lb2/app", 3)],
            ["lb2"],
            (
                "On lb1/app 2 of 3 servers serve; floor 2 holds. "
                "How many servers serve on lb2 is not known."
            ),
        ),
        ([backend("lb1/app", 3)], ["lb1"], "How many servers serve on lb1 is not known."),
        ([], ["lb1"], "That is 1 of 2 hosts."),
    ],
)
def test_what_is_out_comes_first_and_then_what_serves_as_far_as_it_was_read(
    backends: Sequence[BackendImpact], unread: Sequence[str], said: str
) -> None:
    told = first_words(measured(*backends, unread=unread))
    assert told == f"FAILED (exit 6): web2 is OUT OF ROTATION. {said}"


def test_a_load_balancer_that_was_not_seen_at_the_end_is_not_counted() -> None:
    unseen = events.FleetSeen(serving=(), unseen={"lb1": "no answer"})
    assert "lb1 is not known." in first_words(measured(backend("lb1/app", 3)), unseen)


def test_a_reading_from_the_middle_of_a_run_tells_nothing_of_its_end() -> None:
    seen = events.TrafficSeen(balancer="lb1", backends=(backend("lb1/app", 3),))
    assert first_words(seen).endswith("How many servers serve on lb1 is not known.")


@pytest.mark.parametrize(
    ("stream", "outside", "verdict"),
    [
        ((BEGIN, LEFT, HALTED), None, "FAILED (exit 6): web2 is "),
        ((BEGIN, HALTED), None, "FAILED (exit 5): halted."),
        ((BEGIN, events.StopRequested(by="Ctrl-C"), HALTED), None, "STOPPED (exit 5): halted."),
        ((BEGIN, events.Interrupted(by="x", exit_code=130)), None, "STOPPED (exit 130): inter"),
        ((BEGIN,), Exit.BUG, "FAILED (exit 1): stopped by a bug of its own."),
        ((), Exit.BUSY, "busy, nothing was changed."),
        (GOOD, None, "done. 2 of 2 hosts restarted"),
    ],
)
def test_the_first_words_say_whether_it_failed_or_was_stopped(
    stream: Sequence[Event], outside: Exit | None, verdict: str
) -> None:
    ending = replace(ending_of(stream), outside=outside)
    assert unbroken(ending).startswith(f"rollout: {verdict}")


def lines_of_the_run(stream: Sequence[Event], rollout: str, columns: int = 80) -> list[str]:
    ending: RunResult = replace(ending_of(stream), hints=replace(HINTS, rollout=rollout))
    text = summary_text(ending, columns)
    return text[text.index("run 5f0c21") :].splitlines()


def test_the_commands_of_the_last_lines_can_be_copied_however_long_their_options_are() -> None:
    path = "/srv/operations/a team/production/load balancers/rollout.toml"
    typed = shlex.join(["rollout", "--config", path])
    for stream in ((BEGAN, *GOOD), RICH):
        short, long = lines_of_the_run(stream, "rollout"), lines_of_the_run(stream, typed)
        assert short[-1].endswith("rollout report 5f0c21")
        assert long[-2:] == ["rollout report 5f0c21 \\", f"  --config {shlex.quote(path)}"]
        printed = subprocess.run(
            ["sh", "-c", "rollout() { printf '%s\\n' \"$@\"; }\n" + "\n".join(long[-2:])],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        assert printed.splitlines() == ["report", "5f0c21", "--config", path]
    assert lines_of_the_run(RICH, "rollout")[-2:] == [
        "rollout show 5f0c21 --log",
        "rollout report 5f0c21",
    ]
