"""A target that is back is called serving for as long as HAProxy's counts prove it."""

from dataclasses import replace

import pytest

from rollout import events
from rollout.events import Event
from rollout.model.impact import BackendImpact
from rollout.output.terminal import Size
from rollout.summary.last_served import LastServed, note_served
from tests.output.screens import Told, drawn_view, view_of
from tests.output.test_live import rows_of

STARTED = events.RolloutStarted(targets=("web1", "web2", "web3"), max_out=1, floor="50%")


def claimed(name: str, *balancers: str) -> Event:
    servers = tuple(f"app/{name}@{one}" for one in balancers or ("lb1",))
    return events.TargetClaimed(target=name, servers=servers)


def done(name: str) -> Event:
    return events.TargetDone(target=name, seconds=9.0)


def read(serving: int, *, members: int = 3, balancer: str = "lb1") -> Event:
    one = BackendImpact(balancer=balancer, backend="app", serving=serving, members=members)
    return events.TrafficSeen(balancer=balancer, backends=(one,))


def when(*stream: tuple[float, Event]) -> float | None:
    known = LastServed()
    for elapsed, event in ((0.0, claimed("web1")), *stream):
        known = note_served(known, event, elapsed)
    return known.when("web1")


def test_its_end_is_evidence_and_so_is_a_reading_in_which_no_server_lacks() -> None:
    assert when() is None
    assert when((10, done("web1"))) == 10
    assert when((10, done("web1")), (20, read(3))) == 20
    assert when((5, read(3)), (10, done("web1"))) == 10


def test_a_reading_in_which_a_server_lacks_that_nothing_explains_is_no_evidence() -> None:
    assert when((10, done("web1")), (20, read(2))) == 10
    assert when((10, done("web1")), (20, claimed("web2")), (21, read(2))) == 10


@pytest.mark.parametrize("out", [events.TargetDraining, events.TargetInMaint])
def test_what_the_run_holds_out_itself_explains_what_lacks(out: type[Event]) -> None:
    held = (20, claimed("web2")), (20, out(target="web2"))  # type: ignore[call-arg]
    assert when((10, done("web1")), *held, (21, read(2))) == 21
    assert when((10, done("web1")), *held, (21, read(1))) == 10


def test_what_was_told_to_serve_explains_nothing() -> None:
    held = (20, claimed("web2")), (20, events.TargetDraining(target="web2"))
    back = (30, events.TargetReturned(target="web2"))
    assert when((10, done("web1")), *held, back, (31, read(2))) == 10
    left = events.TargetLeftOut(target="web2", state="ready", reason="", asked=True, look="")
    assert when((10, done("web1")), *held, (30, left), (31, read(2))) == 10
    in_maint = replace(left, state="maint")
    assert when((10, done("web1")), *held, (30, in_maint), (31, read(2))) == 31


def test_every_load_balancer_of_a_target_must_have_it() -> None:
    both = (1, claimed("web1", "lb1", "lb2")), (10, done("web1"))
    assert when(*both, (20, read(3))) == 10
    assert when(*both, (20, read(3)), (22, read(3, balancer="lb2"))) == 20


def test_a_backend_whose_members_were_not_counted_is_no_evidence() -> None:
    assert when((10, done("web1")), (20, read(0, members=0))) == 10


def test_servers_that_a_reload_brings_are_looked_for_as_well() -> None:
    other = events.ServersChanged(target="web1", new=("app/web1b@lb2",))
    assert when((1, other), (10, done("web1")), (20, read(3))) == 10


def test_a_target_that_is_taken_out_again_is_not_back() -> None:
    assert when((10, done("web1")), (20, claimed("web1"))) is None


def row_of_web1(*stream: Told, now: float) -> str:
    turn = (1.0, claimed("web1")), (10.0, done("web1"))
    view = view_of([STARTED, *turn, *stream], now)
    return next(row for row in rows_of(drawn_view(view, Size(100, 24))) if "web1" in row)


def test_a_row_says_serving_with_evidence_and_else_how_old_that_is() -> None:
    assert row_of_web1(now=15.0).endswith("  serving")
    assert row_of_web1((69.0, read(3)), now=70.0).endswith("  serving")
    assert row_of_web1((40.0, read(3)), (69.0, read(2)), now=70.0).endswith(
        "  seen serving 30s ago"
    )
    assert row_of_web1(now=70.0).endswith("  seen serving 1m00s ago")


def test_the_last_look_of_a_run_is_about_all_of_them() -> None:
    view = view_of([STARTED, (1.0, claimed("web1")), (10.0, done("web1"))], 700.0)
    over = drawn_view(replace(view, over=True), Size(100, 24))
    assert next(row for row in rows_of(over) if "web1" in row).endswith("  serving")
