"""The seam of the supervisor: the same restart under systemd, whose words nothing here knows."""

from dataclasses import replace

import pytest

from rollout.events import TargetLeftOut, TargetReturnedUntouched
from rollout.model.fleet import Server
from rollout.model.plan import Share
from rollout.restart.preflight import preflight
from rollout.restart.server_mapping import Selection
from rollout.summary.run import Exit
from rollout.summary.target import TargetPhase
from tests.support.simulation.clock import play
from tests.support.simulation.restarts import QUICK, Told, fleet, promises_broken, roll, site_of
from tests.support.simulation.systemd import FakeSystemd


def says_monit(told: Told) -> bool:
    return "monit" in f"{told.events} {told.summary}".lower().replace("monitored", "")


@pytest.mark.parametrize("lines", ["host", "instance"])
@pytest.mark.parametrize("max_out", [1, 2])
def test_every_server_is_restarted_once_and_back_as_found(lines: str, max_out: int) -> None:
    world = fleet(4, lines=lines)
    told = roll(world, supervisor=FakeSystemd, max_out=max_out)
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.DONE
    assert told.summary.named(TargetPhase.DONE) == ("web1", "web2", "web3", "web4")
    assert not says_monit(told)


@pytest.mark.parametrize(
    ("manner", "words"),
    [
        ("never_boots", "activating (start), restart pending"),
        ("dies", "failed (failed)"),
    ],
)
def test_a_unit_that_does_not_come_up_is_named_in_the_words_of_its_supervisor(
    manner: str, words: str
) -> None:
    world = fleet(3)
    world.hosts["web1"].apps[1].manner = manner
    told = roll(world, supervisor=FakeSystemd)
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.REDUCED
    assert told.summary.out == ("web1",)
    (left,) = [event for event in told.events if isinstance(event, TargetLeftOut)]
    assert words in left.reason
    assert left.look == "ssh web1 systemctl status 'app@*'"
    assert not says_monit(told)


def test_a_stop_that_takes_as_long_as_systemd_allows_is_waited_for() -> None:
    world = fleet(2, instances=1)
    world.hosts["web1"].apps[0].stop = 80.0
    told = roll(world, supervisor=FakeSystemd, timeouts=replace(QUICK, running_timeout=120))
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.DONE


def test_a_restart_that_keeps_every_process_gives_the_target_back_with_its_own_fix() -> None:
    world = fleet(2)
    for app in world.hosts["web1"].apps:
        app.manner = "keeps_pid"
    told = roll(world, supervisor=FakeSystemd, timeouts=replace(QUICK, running_timeout=120))
    assert told.summary.exit_code is Exit.HALTED
    (back,) = [event for event in told.events if isinstance(event, TargetReturnedUntouched)]
    assert "systemd on web1 calls the restart of mongrel_8000, mongrel_8001 done" in back.reason
    assert back.fix == "on web1: see what cancelled the job: journalctl -u UNIT"
    assert not says_monit(told)


def test_the_preflight_names_what_the_supervisor_finds() -> None:
    world = fleet(2)
    world.hosts["web2"].apps[0].lives[-1].gone_at = 0.0
    site = site_of(world, supervisor=FakeSystemd)
    report = play(preflight(Selection(hosts=("web1", "web2"), floor=Share(0)), site))
    assert ("web2", "mongrel_8000 is failed (failed)") in [
        (f.where, f.what) for f in report.findings
    ]
    assert Server("lb1", "app", "web1") in report.targets[0].servers
