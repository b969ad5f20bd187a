"""A deploy that died or halted on real hosts: each line that it says to type is typed."""

import re
import shutil

import pytest

from examples.fleet import Fleet, Shape
from examples.fleet.srv import FIRST
from examples.fleet.waiting import until as becomes
from tests.integration.conftest import MakeFleet
from tests.integration.deploying.test_killed import deploying, until
from tests.integration.deploying.test_what_to_type import told, typed
from tests.support.disks import a_disk
from tests.support.killed_runs import journals
from tests.support.observed_deploy import SOON, deploy, places, rollout
from tests.support.observed_restart import seats_of, served_without_a_failure, visited

pytestmark = pytest.mark.integration

THREE = Shape(
    hosts=3,
    instances=2,
    boot=0.3,
    checks="inter 200ms rise 2 fall 2",
    start_timeout=3,
    stop_timeout=2,
    deploys=True,
)
QUICK: dict[str, object] = SOON | {
    "restart.drain_timeout": "1s",
    "restart.probation_timeout": "8s",
    "restart.stable": "300ms",
}
STOP: dict[str, object] = QUICK | {"deploy.on_failure": "stop"}


def _in_journal(fleet: Fleet, event: str) -> bool:
    """Whether the newest journal has ``event``: a thread writes it after it was told."""
    return f'"{event}"' in journals(fleet)[-1].read_text()


def killed_in_place(fleet: Fleet) -> None:
    """Kill a deploy of a release that cannot boot, when it is `current` on every host."""
    fleet.shop.release(broken="fail-boot")
    with deploying(fleet) as process:
        until(process, event="deploy.in_place")
        becomes(lambda: _in_journal(fleet, "deploy.in_place"), "the journal has it as well", 10)
        process.kill()
    assert FIRST not in places(fleet).current.values()
    assert set(places(fleet).running.values()) == {FIRST}


def whole(fleet: Fleet, release: str) -> None:
    """Hold that every host serves one release, by `current` and by its processes."""
    at = places(fleet)
    assert at.live == release
    states = [state for rows in seats_of(fleet).values() for state in rows.values()]
    assert {(state.admin, state.status) for state in states} == {(0, "UP")}


def test_what_nothing_ran_is_refused_by_restart_and_taken_back_by_recover(
    make_fleet: MakeFleet,
) -> None:
    fleet = make_fleet(THREE)
    fleet.settings(QUICK | {"deploy.hooks.switched": "sleep 20"})
    with visited(fleet) as stage:
        killed_in_place(fleet)
        fleet.settings(QUICK)
        checked, refused = rollout(fleet, "check"), rollout(fleet, "restart")
        recovered = rollout(fleet, "recover", "--yes")
        taken_back = places(fleet)
        restarted = rollout(fleet, "restart")
    served_without_a_failure(stage.outcome(restarted))
    assert (checked.returncode, refused.returncode) == (3, 3)
    assert "recover" in refused.stderr
    assert "and no server was restarted onto it" in checked.stdout
    assert recovered.returncode == 0
    assert "was verified nowhere: undone on web1, web2, web3" in recovered.stderr
    assert taken_back.live == FIRST
    assert taken_back.releases == {name: [FIRST] for name in fleet.hosts}
    assert restarted.returncode == 0
    whole(fleet, FIRST)


@pytest.mark.parametrize("way", ["recover", "rollback"])
def test_without_a_journal_the_hosts_still_tell_what_nothing_ran(
    make_fleet: MakeFleet, way: str
) -> None:
    fleet = make_fleet(THREE)
    fleet.settings(QUICK | {"deploy.hooks.switched": "sleep 20"})
    killed_in_place(fleet)
    fleet.settings(QUICK)
    shutil.rmtree(fleet.directory / "state")
    shutil.rmtree(fleet.directory / "lock", ignore_errors=True)
    processes = fleet.processes()
    refused, checked = rollout(fleet, "restart"), rollout(fleet, "check")
    assert (refused.returncode, checked.returncode) == (3, 3)
    assert "a restart would start what nothing has proven" in checked.stdout
    assert "check failed: 3 findings" in checked.stderr
    assert "a restart would start what nothing has proven" in refused.stderr
    assert "3 findings" in refused.stderr
    assert f" {way}` " in refused.stderr
    assert fleet.processes() == processes
    words = ["recover", "--yes"] if way == "recover" else [way]
    assert rollout(fleet, *words).returncode == 0
    whole(fleet, FIRST)
    assert rollout(fleet, "restart").returncode == 0


def test_whoever_cannot_take_the_lock_moves_no_current(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(THREE)
    fleet.settings(QUICK | {"deploy.hooks.switched": "sleep 20"})
    killed_in_place(fleet)
    fleet.settings(QUICK)
    shutil.rmtree(fleet.directory / "state")
    shutil.rmtree(fleet.directory / "lock", ignore_errors=True)
    before, processes = places(fleet), fleet.processes()
    with a_disk(fleet.directory / "lock", "ro,mode=700"):
        for words in (["recover", "--yes"], ["rollback"], ["uninterrupted"], ["restart"]):
            refused = rollout(fleet, *words)
            assert refused.returncode == 3, words
            assert "lock" in refused.stderr, words
            assert "nothing was changed" in refused.stderr, words
    assert places(fleet) == before
    assert fleet.processes() == processes
    assert rollout(fleet, "recover", "--yes").returncode == 0
    whole(fleet, FIRST)


def test_a_release_that_serves_on_a_host_that_is_away_is_left_everywhere_and_resumed(
    make_fleet: MakeFleet,
) -> None:
    fleet = make_fleet(THREE)
    fleet.settings(QUICK | {"ssh.connect_timeout": "2s"})
    fleet.shop.release()
    with deploying(fleet) as process:
        until(process, event="target.draining", target="web2")
        process.kill()
    new = places(fleet).running["web1/mongrel_8000"]
    assert new != FIRST
    fleet.hosts["web1"].suspend_sshd()
    recovered = rollout(fleet, "recover", "--yes")
    left = places(fleet)
    fleet.hosts["web1"].resume_sshd()
    resumed = rollout(fleet, "resume")
    assert recovered.returncode == 5, recovered.stderr
    assert "is taken back" not in recovered.stderr
    assert set(left.current.values()) == {new}
    assert left.releases == {name: [FIRST, new] for name in fleet.hosts}
    assert resumed.returncode == 0, resumed.stderr
    whole(fleet, new)


def test_a_resume_that_is_refused_leaves_the_deploy_to_be_seen_to(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(THREE)
    hook = fleet.directory / "hook"
    fleet.settings(QUICK | {"deploy.hooks.switched": f"touch {hook}; sleep 20"})
    fleet.shop.release(broken="fail-boot")
    with deploying(fleet) as process:
        until(process, event="deploy.in_place")
        becomes(hook.exists, "the hook runs")  # then its journal says so as well
        process.kill()
    before = places(fleet)
    fleet.balancers["lb1"].suspend()
    refused = rollout(fleet, "resume", "--yes")
    fleet.balancers["lb1"].resume()
    restarted = rollout(fleet, "restart")
    assert (refused.returncode, restarted.returncode) == (3, 3), refused.stderr
    assert "no server was restarted onto it" in restarted.stderr
    assert places(fleet) == before
    assert rollout(fleet, "recover", "--yes").returncode == 0
    whole(fleet, FIRST)


def test_resume_of_what_was_taken_back_says_what_works_and_it_does(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(THREE)
    fleet.settings(QUICK | {"deploy.hooks.switched": "sleep 20"})
    killed_in_place(fleet)
    fleet.settings(QUICK)
    assert rollout(fleet, "recover", "--yes").returncode == 0
    refused = rollout(fleet, "resume", "--yes")
    assert refused.returncode == 3
    assert " uninterrupted` deploys anew" in refused.stderr
    commit = fleet.shop.release()
    assert rollout(fleet, "uninterrupted").returncode == 0
    assert fleet.hosts["web1"].srv.revision(places(fleet).live) == commit


@pytest.mark.parametrize("bad", ["web1", "web2"])
def test_every_line_after_a_stopped_deploy_is_typed_and_the_fleet_is_whole(
    make_fleet: MakeFleet, bad: str
) -> None:
    fleet = make_fleet(THREE)
    fleet.settings(STOP)
    fleet.shop.release(broken=f"fail-boot@{bad}")
    stopped = deploy(fleet)
    steps = told(stopped)
    first_bad = bad == "web1"

    assert stopped.code == 6
    on_the_new = {FIRST} if first_bad else {FIRST, stopped.release}
    others = [name for name in fleet.hosts if name != bad]
    running = {stopped.places[1].running.get(f"{name}/mongrel_8000") for name in others}
    assert running == on_the_new
    assert {stopped.places[1].current[name] for name in others} == (
        {FIRST} if first_bad else {stopped.release}
    )
    assert bad in typed(fleet, f"{steps['look']}; echo {bad}").stdout
    old = typed(fleet, steps["old code"])
    assert old.returncode == 0, old.stderr
    assert places(fleet).running[f"{bad}/mongrel_8000"] == FIRST
    assert places(fleet).current[bad] == FIRST
    back = typed(fleet, steps["bring back"])
    assert back.returncode == 0, back.stderr
    if first_bad:
        whole(fleet, FIRST)
        fleet.shop.release()
        mended = typed(fleet, steps["once fixed"])
        assert mended.returncode == 0, mended.stderr
        assert places(fleet).live > stopped.release
    else:
        everything_back = typed(fleet, steps["or back"])
        assert everything_back.returncode == 0, everything_back.stderr
        whole(fleet, FIRST)


@pytest.mark.parametrize("command", ["rollback", "uninterrupted"])
def test_a_server_that_is_out_is_taken_up_although_its_instances_do_not_run(
    make_fleet: MakeFleet, command: str
) -> None:
    fleet = make_fleet(THREE)
    fleet.settings(STOP)
    fleet.shop.release(broken="fail-boot@web2")
    stopped = deploy(fleet)
    fleet.shop.release()
    taken_up = rollout(fleet, command, "--include-left-out")

    assert stopped.code == 6
    assert taken_up.returncode == 0, taken_up.stderr
    claimed = re.findall(r"(web[123]) (?:recovering|taking out)", taken_up.stderr)
    assert claimed == [] or claimed[0] == "web2"
    whole(fleet, FIRST if command == "rollback" else places(fleet).live)
