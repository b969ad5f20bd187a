"""Stories of a rolling restart, in virtual time: monit, the processes and the sessions."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from rollout.events import (
    RolloutFinished,
    RolloutStarted,
    SessionsCut,
    SoakSeen,
    TargetNotDrained,
    TargetReturned,
    TargetReturnedUntouched,
    TargetWaiting,
)
from rollout.model.fleet import Admin, AdminState, Server
from rollout.model.plan import OnBusy
from rollout.summary.run import Exit
from rollout.summary.target import TargetPhase
from tests.support.simulation.fakes import FakeBalancer
from tests.support.simulation.faults import Fault, Kind
from tests.support.simulation.restarts import QUICK, fleet, promises_broken, roll
from tests.support.simulation.world import clock


@pytest.mark.parametrize("balancers", [1, 2])
@pytest.mark.parametrize("lines", ["host", "instance"])
@pytest.mark.parametrize("max_out", [1, 2])
def test_every_server_is_restarted_once_and_back_as_found(
    balancers: int, lines: str, max_out: int
) -> None:
    world = fleet(4, balancers=balancers, lines=lines)
    told = roll(world, max_out=max_out)
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.DONE
    assert told.summary.named(TargetPhase.DONE) == ("web1", "web2", "web3", "web4")
    assert isinstance(told.events[-1], RolloutFinished)


def test_a_server_that_does_not_come_back_stays_in_maint_and_is_named() -> None:
    world = fleet(3)
    world.hosts["web1"].apps[1].manner = "never_boots"
    told = roll(world)
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.REDUCED
    assert told.summary.out == ("web1",)
    assert told.summary.lines["web1"].state == "maint"
    assert "mongrel_8001" in told.summary.lines["web1"].reason
    assert told.summary.named(TargetPhase.UNTOUCHED) == ("web2", "web3")
    line = next(line for line in world.lines.values() if line.host.name == "web1")
    assert line.admin == Admin.FORCED_MAINT


@pytest.mark.parametrize(
    ("manner", "words"),
    [
        ("dies", "Does not exist"),
        ("stop_times_out", "not restarted"),
        ("keeps_pid", "not restarted"),
    ],
)
def test_each_false_success_of_monit_is_a_named_failure(manner: str, words: str) -> None:
    world = fleet(3)
    world.hosts["web2"].apps[0].manner = manner
    told = roll(world, timeouts=replace(QUICK, running_timeout=120))
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.REDUCED
    assert words in told.summary.lines["web2"].reason


@pytest.mark.parametrize("lasts", [0.5, 2.0])
def test_an_instance_that_answers_and_dies_is_a_crash_loop(lasts: float) -> None:
    world = fleet(3, instances=1)
    app = world.hosts["web1"].apps[0]
    app.manner, app.boot, app.lasts = "crashes", 0.05, lasts
    told = roll(world)
    assert told.summary.exit_code is Exit.REDUCED
    assert "crash loop" in told.summary.lines["web1"].reason
    if lasts < 1:  # it died while HAProxy checked it: then it is never made ready
        assert "lb1 ready" not in world.faults.calls
    assert promises_broken(world, told) == []


def test_a_restart_that_monit_certainly_refused_sends_the_server_back() -> None:
    happy = fleet(2)
    roll(happy)
    world = fleet(2)
    told = roll(world, Fault(Kind.REFUSED, happy.faults.calls.index("web1 restart")))
    assert promises_broken(world, told) == []
    assert told.summary.named(TargetPhase.GIVEN_BACK) == ("web1",)
    assert not told.summary.lines["web1"].asked, "the JSON says what the sentence says"
    assert told.summary.exit_code is Exit.HALTED


def test_a_monit_that_dies_before_it_is_asked_sends_the_server_back() -> None:
    happy = fleet(2)
    roll(happy)
    asked = happy.faults.calls.index("web1 restart")
    world = fleet(2)
    told = roll(world, Fault(Kind.REFUSED, asked, calls=100_000, only="web1"))
    assert promises_broken(world, told) == []
    assert told.summary.named(TargetPhase.GIVEN_BACK) == ("web1",)
    assert told.summary.exit_code is Exit.HALTED


def test_a_restart_whose_reply_was_lost_is_not_asked_again_and_proves_itself() -> None:
    happy = fleet(2)
    roll(happy)
    world = fleet(2)
    told = roll(world, Fault(Kind.LOST, happy.faults.calls.index("web1 restart")))
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.DONE


def test_an_unmonitored_instance_sends_its_server_back_untouched() -> None:
    world = fleet(3)
    world.hosts["web1"].apps[0].manner = "unmonitored"
    told = roll(world)
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.HALTED
    assert told.summary.named(TargetPhase.GIVEN_BACK) == ("web1",)
    assert world.hosts["web1"].apps[1].restarts == 0


def test_sticky_clients_do_not_hold_up_a_rollout_for_ever() -> None:
    world = fleet(3)
    for line in world.lines.values():
        line.sticky = True
    told = roll(world)
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.DONE
    reasons = [e.reason for e in told.events if isinstance(e, TargetNotDrained)]
    assert len(reasons) == 3
    assert all("sticky clients keep coming" in reason for reason in reasons)


def test_sessions_that_do_not_end_send_the_server_back_by_default() -> None:
    world = fleet(3)
    next(iter(world.lines.values())).endless = True
    told = roll(world)
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.HALTED
    assert told.of(TargetReturnedUntouched)
    assert "still open" in told.summary.lines["web1"].reason


def test_sessions_that_do_not_end_are_cut_when_the_operator_says_so() -> None:
    world = fleet(3)
    next(iter(world.lines.values())).endless = True
    told = roll(world, on_busy=OnBusy.CUT)
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.DONE
    assert told.of(SessionsCut) == [SessionsCut(target="web1", sessions=1)]


def test_a_look_that_fails_in_the_soak_is_waited_out_and_leaves_no_line_of_its_own() -> None:
    timeouts = replace(QUICK, soak=30)
    happy = fleet(4)
    roll(happy, canary=2, timeouts=timeouts)
    web2, web3 = (happy.faults.calls.index(f"{name} restart") for name in ("web2", "web3"))
    world = fleet(4)
    told = roll(world, Fault(Kind.REFUSED, (web2 + web3) // 2), canary=2, timeouts=timeouts)
    assert promises_broken(world, told) == []
    assert any(isinstance(e, TargetWaiting) and e.awaited == "soaked" for e in told.events)
    assert list(told.summary.lines) == ["web1", "web2", "web3", "web4"]
    assert told.summary.exit_code is Exit.DONE


def test_a_server_that_fails_its_checks_while_it_settles_is_taken_out_again() -> None:
    world = fleet(3)
    line = next(iter(world.lines.values()))
    line.dies_at = 1015.0
    told = roll(world, timeouts=replace(QUICK, stable=20))
    assert told.summary.exit_code is Exit.REDUCED
    assert line.admin == Admin.FORCED_MAINT
    assert "DOWN" in told.summary.lines["web1"].reason


def test_a_process_that_monit_has_not_looked_at_yet_does_not_pass_for_a_new_one_later() -> None:
    """Monit was reloaded in the drain; the stop will time out, and the old process live on."""
    world = fleet(3)
    app = world.hosts["web1"].apps[0]
    app.manner, app.initializing_until = "stop_times_out", 1010.0
    told = roll(world, timeouts=replace(QUICK, running_timeout=120))
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.REDUCED
    assert "not restarted" in told.summary.lines["web1"].reason


def test_an_instance_that_is_born_again_and_again_says_how_often() -> None:
    world = fleet(2, instances=1)
    world.hosts["web1"].apps[0].manner = "flaps"
    told = roll(world, timeouts=replace(QUICK, running_timeout=18))
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.REDUCED
    reasons = [e.reason for e in told.events if isinstance(e, TargetWaiting)]
    assert any("starts, none stayed" in reason for reason in reasons)
    last = told.summary.lines["web1"].reason
    assert last.endswith("connection refused (crash loop: start 5, those before it died)")


def test_one_lost_look_before_the_return_does_not_keep_a_proven_server_out() -> None:
    happy = fleet(2, instances=1)
    roll(happy)
    ready = happy.faults.calls.index("lb1 ready")
    last = max(n for n, call in enumerate(happy.faults.calls[:ready]) if call == "web1 status")
    world = fleet(2, instances=1)
    told = roll(world, Fault(Kind.REFUSED, last, calls=3, only="web1"))
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.DONE


@pytest.mark.parametrize("before", range(1, 9))
def test_what_was_seen_before_a_call_hung_makes_no_server_ready(
    monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    """While one of the last calls before the order hangs, the server dies, and comes back later."""
    moments: list[tuple[float, int]] = []
    order = FakeBalancer.set_state

    async def timed(self: FakeBalancer, servers: Sequence[Server], state: AdminState) -> None:
        if state is AdminState.READY:
            moments.append((clock(), len(self.world.faults.calls)))
        await order(self, servers, state)

    monkeypatch.setattr(FakeBalancer, "set_state", timed)
    roll(fleet(2))
    at, calls = moments[0]
    world = fleet(2)
    line = next(line for line in world.lines.values() if line.host.name == "web1")
    line.dies_at, line.revives_at = at, at + 14
    told = roll(world, Fault(Kind.HANG, calls - before))
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.DONE


def test_a_soak_tells_what_the_canary_carries_beside_its_peers() -> None:
    """Read every five seconds, and by the counters since the soak began."""
    world = fleet(3, balancers=2)
    told = roll(world, canary=1, timeouts=replace(QUICK, soak=30))
    started = next(e for e in told.events if isinstance(e, RolloutStarted))
    assert (started.canaries, started.soak) == (1, 30)
    seen = [e for e in told.events if isinstance(e, SoakSeen)]
    assert len(seen) == 7
    assert {e.targets for e in seen} == {("web1",)}
    assert (seen[0].carried.requests, seen[0].others.requests) == (0, 0)
    carried = [e.carried.requests + e.others.requests for e in seen]
    assert carried == sorted(carried)


def test_a_wait_says_when_it_is_given_up_and_a_watch_how_long_it_is() -> None:
    told = roll(fleet(2))
    waits = [e for e in told.events if isinstance(e, TargetWaiting) and e.awaited == "verified"]
    assert waits
    limit = QUICK.running_timeout
    assert all(e.left is not None and 0 < e.left <= limit for e in waits)
    assert {e.watched for e in told.events if isinstance(e, TargetReturned)} == {QUICK.stable}


def test_without_a_canary_nothing_is_said_to_soak() -> None:
    told = roll(fleet(2), timeouts=replace(QUICK, soak=30))
    started = next(e for e in told.events if isinstance(e, RolloutStarted))
    assert (started.canaries, started.soak) == (0, 0.0)
    assert not any(isinstance(e, SoakSeen) for e in told.events)
