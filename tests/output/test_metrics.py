"""The metrics of recorded runs, read as Prometheus reads them."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from rollout.events import Event, ImpactMeasured, SessionsCut, TrafficSeen
from rollout.model.impact import ImpactGap
from rollout.output.metrics import ENDS, IMPACT, STATE, Figures, LastRun, Metrics, exposition
from rollout.summary.run import Exit
from tests.output.recorded_runs import GOOD, REFUSED, RICH, STILL_OUT, broadcast_to, traffic

NOW = 1_795_000_000.25


class File:
    """What the file holds, and each text that it has held."""

    def __init__(self, text: str = "") -> None:
        self.text = text
        self.held: list[str] = []

    def __call__(self, render: Callable[[str], str]) -> None:
        self.text = render(self.text)
        self.held.append(self.text)


def samples(text: str) -> dict[tuple[str, str], float]:
    """Read every sample by its name and the labels beside the app."""
    found = {}
    for family in text_string_to_metric_families(text):
        assert family.type == "gauge"
        assert family.documentation
        for sample in family.samples:
            labels = dict(sample.labels)
            assert labels.pop("app") == "shop"
            found[sample.name, ",".join(labels.values())] = sample.value
    return found


def played(
    stream: tuple[Event, ...], file: File, verb: str = "restart", outside: Exit | None = None
) -> None:
    broadcast = broadcast_to(Metrics("shop", verb, lambda: NOW, file))
    for event in stream:
        broadcast.tell(event)
    broadcast.end(outside)


def test_a_good_run_is_written_at_its_start_at_each_change_and_at_its_end() -> None:
    file = File()
    played(GOOD, file)
    states = [samples(text) for text in file.held]
    assert states[0]["rollout_run_active", ""] == 1
    assert {state["rollout_targets_out", ""] for state in states[1:-1]} == {0, 1}
    last = states[-1]
    assert last["rollout_run_active", ""] == 0
    assert last["rollout_targets_out", ""] == 0
    assert last["rollout_run_started_timestamp_seconds", ""] == NOW
    assert last["rollout_last_run_timestamp_seconds", "restart"] == NOW
    assert last["rollout_last_run_exit_code", "restart"] == 0
    assert last["rollout_last_run_seconds", "restart"] > 0
    assert last["rollout_out_seconds", "web1"] > 0
    of_backends = {family.name for family in IMPACT} - {name for name, _ in last}
    assert len(of_backends) == 5, "no load balancer was read in it"
    assert {name for name, _ in last} == {f.name for f in (*STATE, *ENDS)} - of_backends


def test_what_visitors_met_is_written_for_each_backend() -> None:
    file = File()
    met = traffic("lb1", 100, responses_5xx=2, server_aborts=1, retries=3, redispatches=1)
    told = TrafficSeen(balancer="lb1", backends=(met,))
    cut = SessionsCut(target="web1", sessions=4)
    gap = ImpactGap(balancer="lb1", reason="reload", seconds=1.0)
    end = ImpactMeasured(backends=(met, traffic("lb2", 50)), gaps=(gap,), unread={"lb2": "silent"})
    played((GOOD[0], told, *GOOD[1:], cut, end), file)
    assert samples(file.held[1])["rollout_impact_requests", "lb1,app"] == 100, "while it goes on"
    last = {name: value for name, value in samples(file.text).items() if "impact" in name[0]}
    assert last == {
        ("rollout_impact_requests", "lb1,app"): 100,
        ("rollout_impact_requests", "lb2,app"): 50,
        ("rollout_impact_responses_5xx", "lb1,app"): 2,
        ("rollout_impact_responses_5xx", "lb2,app"): 0,
        ("rollout_impact_failed_requests", "lb1,app"): 3,
        ("rollout_impact_failed_requests", "lb2,app"): 0,
        ("rollout_impact_retries", "lb1,app"): 4,
        ("rollout_impact_retries", "lb2,app"): 0,
        ("rollout_impact_lowest_servers", "lb1,app"): 3,
        ("rollout_impact_lowest_servers", "lb2,app"): 3,
        ("rollout_impact_sessions_cut", ""): 4,
        ("rollout_impact_gaps", ""): 2,
    }


def test_what_is_left_out_stays_out_in_the_file() -> None:
    file = File()
    played(RICH, file)
    assert samples(file.text)["rollout_targets_out", ""] >= 1
    assert samples(file.text)["rollout_last_run_exit_code", "restart"] == 6
    out = samples(file.text)["rollout_targets_out", ""]

    played(REFUSED, file)
    after = samples(file.text)
    assert after["rollout_targets_out", ""] == out
    assert after["rollout_last_run_exit_code", "restart"] == 3

    played(STILL_OUT, file, "recover")
    after = samples(file.text)
    assert after["rollout_last_run_exit_code", "restart"] == 3
    assert after["rollout_last_run_exit_code", "recover"] == 6


def test_a_run_that_finds_the_lock_held_says_nothing_of_the_one_that_goes_on() -> None:
    file = File()
    live = broadcast_to(Metrics("shop", "restart", lambda: NOW, file))
    for event in GOOD[: len(GOOD) // 2]:
        live.tell(event)
    before = samples(file.text)
    assert before["rollout_run_active", ""] == 1
    played((), file, "restart", Exit.BUSY)
    after = samples(file.text)
    assert {key: after[key] for key in before} == before
    assert after["rollout_last_run_exit_code", "restart"] == 4


def test_what_others_have_written_into_the_file_goes() -> None:
    text = 'foreign{app="shop"} 1\nrollout_targets_out{app="x"} y z\n\x00\n# TYPE a gauge\n'
    written = exposition(Figures(app="shop", verb="restart", since=1.0), text)
    assert "foreign" not in written
    assert samples(written)["rollout_targets_out", ""] == 0


@given(st.text(), st.text(), st.text(), st.floats(0, 1e9))
def test_any_label_is_read_back_as_it_was_and_kept(
    app: str, verb: str, target: str, seconds: float
) -> None:
    last = LastRun(at=NOW, seconds=seconds, exit_code=0)
    figures = Figures(app=app, verb=verb, since=1.0, out_seconds={target: seconds}, last=last)
    text = exposition(figures, "")
    read = {
        sample.name: sample.labels
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert read["rollout_out_seconds"] == {"app": app, "target": target}
    assert read["rollout_last_run_seconds"] == {"app": app, "command": verb}
    # a run that changes nothing keeps all of it
    assert exposition(Figures(app=app, verb=verb), text) == text
