"""A real monit is asked to restart, and what it then says is compared with what is true."""

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from rollout.adapters.monit.supervisor import MonitSupervisor
from rollout.model.fleet import Instance, InstanceState, ProcessIdentity, ProcessState
from tests.support.monitd import Daemon, until

pytestmark = pytest.mark.integration

Make = Callable[..., MonitSupervisor]


def look(supervisor: MonitSupervisor) -> dict[str, InstanceState]:
    return {state.name: state for state in asyncio.run(supervisor.look("web1"))}


def processes(supervisor: MonitSupervisor) -> dict[str, ProcessIdentity | None]:
    return {name: state.process for name, state in look(supervisor).items()}


def restart(supervisor: MonitSupervisor, names: Sequence[str]) -> None:
    asyncio.run(supervisor.restart("web1", [Instance(name) for name in names]))


def newborn(supervisor: MonitSupervisor, before: dict[str, ProcessIdentity | None]) -> set[str]:
    """Name those who run in another process than before."""
    now = look(supervisor)
    return {name for name in now if now[name].running and now[name].process != before[name]}


def group_of(daemon: Daemon, *names: str) -> None:
    for name in names:
        daemon.sleeper(name, "group app")


def test_a_look_tells_pid_start_boot_and_since_when(daemon: Daemon, supervisor: Make) -> None:
    group_of(daemon, "app_8000")
    daemon.write()
    daemon.start()
    daemon.settle()
    state = look(supervisor())["app_8000"]
    assert state.running
    assert state.process is not None
    pid = int((daemon.home / "pid0").read_text())
    stat = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert state.process == ProcessIdentity(pid, int(stat[19]), boot)
    written = (daemon.home / "pid0").stat().st_mtime
    assert state.up_since == pytest.approx(written, abs=2)


def test_only_processes_of_the_group_with_the_whole_name_are_ours(
    daemon: Daemon, supervisor: Make
) -> None:
    group_of(daemon, "app_8000", "worker_1")
    daemon.sleeper("app_8001")
    daemon.sleeper("old_app_8002", "group app")
    daemon.write()
    daemon.start()
    daemon.settle()
    assert set(look(supervisor(group="app"))) == {"app_8000"}
    assert set(look(supervisor())) == {"app_8000", "app_8001"}
    seen = asyncio.run(supervisor(ports={"app_8001": 99}).look("web1"))
    assert {one.name: one.port for one in seen} == {"app_8000": 8000, "app_8001": 99}


def test_a_group_restart_gives_everyone_a_new_birth(daemon: Daemon, supervisor: Make) -> None:
    group_of(daemon, "app_1", "app_2")
    daemon.write()
    daemon.start()
    daemon.settle()
    monit = supervisor(group="app")
    before = processes(monit)
    restart(monit, ["app_1", "app_2"])
    until(lambda: newborn(monit, before) == {"app_1", "app_2"}, "both to be new")
    assert daemon.log.count("restart on user request") == 2


def test_right_after_the_request_nobody_looks_like_before(daemon: Daemon, supervisor: Make) -> None:
    """So a plain OK with the old birth, seen later, means that nothing was restarted."""
    group_of(daemon, "app_1", "app_2", "app_3")
    daemon.write()
    daemon.start()
    daemon.settle()
    monit = supervisor(group="app")
    for _ in range(3):
        before = processes(monit)
        restart(monit, list(before))
        while newborn(monit, before) != set(before):
            seen = look(monit)
            stale = {n for n, s in seen.items() if s.running and s.process == before[n]}
            assert not stale
        daemon.settle()


def test_a_subset_of_a_group_is_asked_for_by_name(daemon: Daemon, supervisor: Make) -> None:
    group_of(daemon, "app_1", "app_2", "app_3")
    daemon.write()
    daemon.start()
    daemon.settle()
    monit = supervisor(group="app")
    before = processes(monit)
    restart(monit, ["app_1", "app_3"])
    until(lambda: newborn(monit, before) >= {"app_1", "app_3"}, "two of them to be new")
    daemon.settle()
    assert newborn(monit, before) == {"app_1", "app_3"}


@pytest.mark.parametrize("name", ["app.1", "app (1)", "app$1", "app[_]1", "app|app_1", "app\\1"])
@pytest.mark.parametrize("group", ["", "app"])
def test_a_name_that_reads_as_a_pattern_means_itself_alone(
    daemon: Daemon, supervisor: Make, name: str, group: str
) -> None:
    daemon.sleeper(name, "group app")
    daemon.sleeper("app_1")
    daemon.write()
    daemon.start()
    daemon.settle()
    monit, everyone = supervisor(group=group), supervisor()
    before = processes(everyone)
    restart(monit, [name])
    until(lambda: newborn(everyone, before) >= {name}, "it to be new")
    daemon.settle()
    assert newborn(everyone, before) == {name}


def test_a_name_that_reads_as_an_option_means_itself(daemon: Daemon, supervisor: Make) -> None:
    daemon.sleeper("-t")
    daemon.write()
    daemon.start()
    daemon.settle()
    monit = supervisor(match="-t")
    before = processes(monit)
    restart(monit, ["-t"])
    until(lambda: newborn(monit, before) == {"-t"}, "it to be new")


def test_false_success_1_a_stop_that_times_out_is_called_ok_with_the_old_birth(
    daemon: Daemon, supervisor: Make
) -> None:
    stubborn = 'trap "" TERM; while :; do sleep 1; done'
    daemon.sleeper("app_1", body=stubborn, stop_timeout=2)
    daemon.write()
    daemon.start()
    daemon.settle()
    monit = supervisor()
    before = processes(monit)
    restart(monit, ["app_1"])
    until(lambda: look(monit)["app_1"].running, "monit to call it OK again")
    assert "failed to stop" in daemon.log
    assert processes(monit) == before


def test_false_success_2_who_is_not_monitored_is_only_watched_again(
    daemon: Daemon, supervisor: Make
) -> None:
    group_of(daemon, "app_1")
    daemon.write()
    daemon.start()
    daemon.settle()
    monit = supervisor()
    before = processes(monit)
    daemon.says("unmonitor app_1")
    until(lambda: not look(monit)["app_1"].monitored, "it to be unmonitored")
    restart(monit, ["app_1"])
    until(lambda: look(monit)["app_1"].running, "monit to call it OK again")
    assert processes(monit) == before


def test_what_was_given_up_and_is_down_is_started_by_a_restart(
    daemon: Daemon, supervisor: Make
) -> None:
    """What `Supervisor.restart` promises; a restart of a target that is out counts on it."""
    group_of(daemon, "app_1")
    daemon.write()
    daemon.start()
    daemon.settle()
    monit = supervisor()
    before = processes(monit)
    daemon.says("stop app_1")
    until(lambda: look(monit)["app_1"].process is None, "it to be down")
    until(lambda: not look(monit)["app_1"].pending, "monit to be done with it")
    assert look(monit)["app_1"].state is ProcessState.UNMONITORED
    restart(monit, ["app_1"])
    until(lambda: look(monit)["app_1"].running, "monit to start it")
    assert processes(monit) != before


def test_false_success_3_a_restart_program_may_keep_the_process(
    daemon: Daemon, supervisor: Make
) -> None:
    daemon.sleeper("app_1", 'restart program = "/bin/true"')
    daemon.write()
    daemon.start()
    daemon.settle()
    monit = supervisor()
    before = processes(monit)
    restart(monit, ["app_1"])
    until(lambda: "restart action done" in daemon.log, "monit to be done")
    until(lambda: look(monit)["app_1"].running, "monit to call it OK again")
    assert processes(monit) == before


def test_who_waits_for_its_cycle_is_restarted_all_the_same(
    daemon: Daemon, supervisor: Make
) -> None:
    daemon.sleeper("app_1", "every 2 cycles")
    daemon.write()
    daemon.start()
    daemon.settle()
    monit = supervisor()
    daemon.says("validate")
    until(lambda: "Waiting" in daemon.says("status"), "it to wait for its cycle")
    before = processes(monit)
    assert look(monit)["app_1"].monitored
    restart(monit, ["app_1"])
    # It may be `Waiting`, without a pid, until its cycle comes; each `validate` is a cycle.
    until(lambda: daemon.says("validate") and newborn(monit, before), "its cycle to come")


def test_a_process_that_died_is_nobody_even_while_monit_calls_it_ok(
    daemon: Daemon, supervisor: Make
) -> None:
    group_of(daemon, "app_1")
    daemon.write()
    daemon.start()
    daemon.settle()
    monit = supervisor()
    os.kill(int((daemon.home / "pid0").read_text()), signal.SIGKILL)
    until(lambda: look(monit)["app_1"].process is None, "it to be gone")
    assert look(monit)["app_1"].detail == "OK"
    assert not look(monit)["app_1"].running
