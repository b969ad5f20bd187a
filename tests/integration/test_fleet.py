"""The fleet itself: it serves, it can be hurt, it leaves nothing behind, and the visitor bites."""

import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from examples.fleet import Fleet, Shape, Shop, until
from examples.fleet.household import ROOT
from examples.fleet.leftovers import clear, orphans
from examples.fleet.processes import descendants, started
from examples.fleet.srv import FIRST
from tests.integration.conftest import MakeFleet

pytestmark = pytest.mark.integration

SMALL = Shape(hosts=2, instances=1, boot=0.5)
DEPLOYABLE = Shape(hosts=2, instances=1, boot=0.2, deploys=True)


def over_ssh(fleet: Fleet, host: str, command: str) -> subprocess.CompletedProcess[str]:
    words = ["ssh", "-F", str(fleet.ssh_config), "-o", "ConnectTimeout=2", host, command]
    return subprocess.run(
        words, check=False, capture_output=True, text=True, timeout=20, env=fleet.environment
    )


def test_every_instance_is_served_through_every_balancer_and_backend(
    make_fleet: MakeFleet,
) -> None:
    shape = Shape(
        hosts=2, balancers=2, boot=0.5, lines="instance", backends=("app", "api"), weights=(1, 2)
    )
    fleet = make_fleet(shape)

    with fleet.visitor() as visitor:
        pass

    assert visitor.tally.failures == ()
    assert len(visitor.tally.kinds) == 2 * 2 * 9
    assert set(visitor.tally.served_by) == set(fleet.processes())
    servers = fleet.balancers["lb2"].states()
    assert servers["api/web2-8001"] == (0, "UP", 2)
    assert len(servers) == 2 * 2 * 2


def test_monit_restarts_instances_as_new_processes(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(SMALL)
    web1, before = fleet.hosts["web1"], fleet.processes()

    asked = over_ssh(fleet, "web1", "monit -B -g app restart")
    until(
        lambda: web1.processes()["mongrel_8000"] not in {None, before["web1/mongrel_8000"]}, "new"
    )
    fleet.until_serving()

    assert (asked.returncode, asked.stdout) == (0, "")
    assert fleet.processes()["web2/mongrel_8000"] == before["web2/mongrel_8000"]


def test_an_instance_that_cannot_boot_never_answers_until_it_is_healed(
    make_fleet: MakeFleet,
) -> None:
    fleet = make_fleet(SMALL)
    web1 = fleet.hosts["web1"]

    web1.break_boot()
    web1.ask_monit("restart", "mongrel_8000")
    until(lambda: fleet.balancers["lb1"].states()["app/web1"].status == "DOWN", "web1 is down")
    web1.heal()

    fleet.until_serving()


def test_visitors_of_a_fleet_that_is_left_alone_are_all_served(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(Shape(boot=0.5))

    with fleet.visitor() as visitor:
        time.sleep(5)

    assert visitor.tally.failures == ()
    assert visitor.tally.reconnects == 0
    assert visitor.tally.requests > 100


@pytest.mark.parametrize("redispatch", [True, False])
def test_visitors_notice_a_restart_without_a_drain(
    make_fleet: MakeFleet, *, redispatch: bool
) -> None:
    fleet = make_fleet(Shape(hosts=2, boot=2, retries=1, redispatch=redispatch))

    with fleet.visitor(pace=0.05) as visitor:
        for host in fleet.hosts.values():
            host.ask_monit("-g", "app", "restart")
        time.sleep(2)

    assert visitor.tally.failed > 0


def test_visitors_notice_an_instance_that_is_killed(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(Shape(hosts=2, instances=1, boot=1, retries=0, redispatch=False))

    with fleet.visitor(pace=0.05) as visitor:
        fleet.hosts["web1"].kill_instance("mongrel_8000")
        time.sleep(2)

    # No retries here: by default HAProxy tries again each second, and may outlast monit.
    assert visitor.tally.failed > 0
    assert visitor.tally.requests > visitor.tally.failed


def test_a_reload_forgets_what_haproxy_was_told(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(SMALL)
    lb1 = fleet.balancers["lb1"]

    lb1.command("set server app/web1 state drain")
    drained = lb1.states()["app/web1"]
    with fleet.visitor() as visitor:
        lb1.reload()

    assert (drained.admin, drained.status) == (8, "DRAIN")
    assert lb1.states()["app/web1"].admin == 0
    assert visitor.tally.failures == ()


def test_the_operator_socket_may_look_and_not_touch(make_fleet: MakeFleet) -> None:
    lb1 = make_fleet(SMALL).balancers["lb1"]

    refused = lb1.command("set server app/web1 state maint", to=lb1.operator_socket)

    assert "Permission denied" in refused
    assert lb1.states()["app/web1"].status == "UP"


@pytest.mark.parametrize("ipv6", [False, True])
def test_the_ssh_config_leads_to_each_machine(make_fleet: MakeFleet, *, ipv6: bool) -> None:
    fleet = make_fleet(Shape(hosts=2, boot=0.2, remote_balancers=True, ipv6=ipv6))

    homes = {name: over_ssh(fleet, name, "pwd; cd; pwd").stdout for name in ("web1", "web2", "lb1")}

    assert all(home.endswith(f"{fleet.directory}/{name}\n") for name, home in homes.items())


def test_a_suspended_sshd_says_nothing_and_a_killed_one_refuses(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(SMALL)
    web1 = fleet.hosts["web1"]

    web1.suspend_sshd()
    silent = over_ssh(fleet, "web1", "true")
    web1.resume_sshd()
    well = over_ssh(fleet, "web1", "true")
    web1.kill_sshd()
    refused = over_ssh(fleet, "web1", "true")

    assert (silent.returncode, well.returncode, refused.returncode) == (255, 0, 255)
    assert "timed out" in silent.stderr
    assert "refused" in refused.stderr


def test_an_agent_is_heard_and_a_backup_waits(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(Shape(hosts=2, boot=0.2, agent=True, backup=True, slowstart="1s"))
    lb1 = fleet.balancers["lb1"]

    fleet.hosts["web2"].agent_says("drain")

    until(lambda: lb1.states()["app/web2"].admin == 8, "the agent is heard")
    assert lb1.states()["app/spare"].status == "UP"


def test_the_settings_name_the_fleet_and_take_wishes(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(SMALL)

    path = fleet.settings({"fleet.max_out": 2, "restart.stable": None})

    said = tomllib.loads(path.read_text())
    assert said["fleet"] == {"hosts": ["web1", "web2"], "max_out": 2, "floor": 1}
    assert said["balancers"]["lb1"]["socket"] == str(fleet.balancers["lb1"].socket)
    assert "stable" not in said["restart"]


def test_one_path_leads_to_the_releases_of_whatever_host_is_asked(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(DEPLOYABLE)
    to = tomllib.loads(fleet.settings_file.read_text())["deploy"]["to"]

    found = {
        name: over_ssh(fleet, name, f"cd {to}/current && pwd -P").stdout for name in fleet.hosts
    }

    for name, host in fleet.hosts.items():
        assert found[name] == f"{host.srv.releases_directory / FIRST}\n"
        assert host.running() == {"mongrel_8000": FIRST}
        assert host.srv.current == FIRST
        assert host.srv.revision(FIRST) == fleet.shop.git("rev-parse", "main")
    assert not Path(to).exists()


def test_what_a_login_is_asked_to_run_is_run_to_the_letter(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(DEPLOYABLE)
    asked = """printf '%s\n' 'a  b' '$(x) & \\&' "it's"; echo oops >&2; exit 3"""

    done = over_ssh(fleet, "web1", asked)

    assert (done.returncode, done.stdout) == (3, "a  b\n$(x) & \\&\nit's\n")
    assert done.stderr.splitlines()[-1] == "oops"


def test_a_program_that_a_host_lacks_is_not_found_there(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(DEPLOYABLE)

    fleet.hosts["web2"].lacks("tar")
    found = {name: over_ssh(fleet, name, "command -v tar").stdout for name in fleet.hosts}
    monit = over_ssh(fleet, "web2", "monit -B summary")

    assert (found["web1"] != "", found["web2"]) == (True, "")
    assert monit.returncode == 0


def test_visitors_see_the_number_of_the_release(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(DEPLOYABLE)
    commit = fleet.shop.release()
    web1 = fleet.hosts["web1"]
    where = web1.srv.releases_directory / "20260202000000"
    fleet.shop.export(commit, where)

    with fleet.visitor() as visitor:
        web1.srv.point_to(where.name)
        web1.ask_monit("restart", "mongrel_8000")
        until(lambda: web1.running() == {"mongrel_8000": where.name}, "the new release runs")
        fleet.until_serving()
        time.sleep(1)

    assert list(visitor.tally.releases) == ["1", "2"]
    assert visitor.tally.releases["1"].first < visitor.tally.releases["2"].first
    assert sum(seen.answers for seen in visitor.tally.releases.values()) > 50


def test_a_release_can_be_bad_on_one_host_alone(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(DEPLOYABLE)
    commit = fleet.shop.release(broken="answer-503@web2")

    for host in fleet.hosts.values():
        where = host.srv.releases_directory / "20260202000000"
        fleet.shop.export(commit, where)
        host.srv.point_to(where.name)
        host.ask_monit("restart", "mongrel_8000")

    until(lambda: fleet.hosts["web1"].answers("mongrel_8000"), "web1 answers")
    until(lambda: fleet.hosts["web2"].running() == {"mongrel_8000": where.name}, "web2 runs it")
    assert fleet.hosts["web2"].answers("mongrel_8000") is None


def test_stylesheets_that_are_wrong_do_not_compile(tmp_path: Path) -> None:
    shop = Shop.opened(tmp_path / "shop")
    good, bad, healed = shop.release(), shop.release(broken="fail-build"), shop.release()

    shop.export(good, tmp_path / "good")
    with pytest.raises(subprocess.CalledProcessError):
        shop.export(bad, tmp_path / "bad")
    shop.export(healed, tmp_path / "healed")

    assert 'content: "release 2"' in (tmp_path / "good" / "public" / "app.css").read_text()
    assert not (tmp_path / "bad" / "public" / "app.css").exists()
    assert shop.version == 4


def test_nothing_is_left_of_a_fleet_that_has_ended() -> None:
    with Fleet(SMALL) as fleet:
        pids = descendants(fleet.keeper)
        processes = fleet.processes()

    assert len(pids) >= 2 * 3 + 2  # sshd, monit and instance; HAProxy's master and worker
    assert {process[0] for process in processes.values() if process} <= set(pids)
    assert [pid for pid in pids if started(pid)] == []
    assert not fleet.directory.exists()


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_of_a_fleet_whose_owner_was_told_to_go(sign: signal.Signals) -> None:
    words = [sys.executable, "-m", "examples.fleet", "up", "--hosts=1", "--instances=1", "--boot=0"]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout
        lines = iter(owner.stdout.readline, "")
        directory = next(Path(line.split()[-1]) for line in lines if "Everything it has" in line)
        processes = descendants(owner.pid)
        owner.send_signal(sign)

    until(lambda: not any(started(pid) for pid in processes), "everything is gone")
    until(lambda: not directory.exists(), "the directory is gone")


def test_what_a_killed_keeper_leaves_behind_can_be_cleared() -> None:
    with Fleet(SMALL) as fleet:
        process = fleet.processes()["web1/mongrel_8000"]
        fleet.kill_keeper()
        assert process
        until(lambda: fleet.directory in set(orphans()), "the orphan is found")

        clear(fleet.directory)

        until(lambda: started(process[0]) != process[1], "the instance is gone")
        assert not fleet.directory.exists()
