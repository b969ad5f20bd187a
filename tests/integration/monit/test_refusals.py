"""A real monit (and a real sudo) that says no: what is found before, and what is never asked."""

import asyncio
import os
import shlex
import shutil
import signal
import time
from collections.abc import Callable

import pytest

from rollout.adapters.monit.supervisor import MonitOptions, MonitSupervisor
from rollout.model.errors import RestartRefused, SupervisorError
from rollout.model.fleet import Finding, Instance
from tests.support.monitd import Daemon, Said, run_here, until

pytestmark = pytest.mark.integration

Make = Callable[..., MonitSupervisor]


def running(daemon: Daemon, *names: str) -> None:
    for name in names or ("app_1",):
        daemon.sleeper(name, "group app")
    daemon.write()
    daemon.start()
    daemon.settle()


def findings(supervisor: MonitSupervisor) -> tuple[Finding, ...]:
    return asyncio.run(supervisor.examine("web1"))


def the_finding(supervisor: MonitSupervisor) -> Finding:
    (finding,) = findings(supervisor)
    assert finding.where == "web1"
    return finding


def refused(supervisor: MonitSupervisor, *names: str) -> SupervisorError:
    instances = [Instance(name) for name in names or ("app_1",)]
    with pytest.raises(SupervisorError) as caught:
        asyncio.run(supervisor.restart("web1", instances))
    return caught.value


def test_a_healthy_host_has_no_findings(daemon: Daemon, supervisor: Make) -> None:
    running(daemon, "app_1", "app_2")
    assert findings(supervisor(group="app", instances=2)) == ()


def test_a_dead_daemon_is_found_and_nothing_is_restarted_without_it(
    daemon: Daemon, supervisor: Make
) -> None:
    """Monit by itself would restart the process in the foreground, and say rc 0."""
    running(daemon)
    pid = (daemon.home / "pid0").read_text()
    monit = supervisor(group="app")
    daemon.hurt(signal.SIGKILL)
    finding = the_finding(monit)
    assert "daemon is not running" in finding.what
    assert "start monit" in finding.fix
    assert isinstance(refused(monit), RestartRefused)
    assert isinstance(refused(supervisor()), RestartRefused)
    assert (daemon.home / "pid0").read_text() == pid


def test_a_daemon_in_its_start_delay_is_waited_for(daemon: Daemon, supervisor: Make) -> None:
    """Its httpd is in the control file and opens later; a warning of monit is no reason."""
    daemon.sleeper("app_1")
    daemon.write()
    rc = daemon.home / "monitrc"
    delayed = rc.read_text().replace("set daemon 30", "set daemon 30 with start delay 60")
    rc.write_text(f"{delayed}include {daemon.home}/local/*\n")
    daemon.start(warm=False)
    until((daemon.home / "pid").exists, "the daemon to run")
    finding = the_finding(supervisor())
    assert f"Unix socket {daemon.home}/socket connection error" in finding.what
    assert finding.fix.startswith("if monit was just started, wait")
    assert "Include failed" not in finding.what


def test_a_daemon_that_hangs_is_found_within_its_five_seconds(
    daemon: Daemon, supervisor: Make
) -> None:
    running(daemon)
    monit = supervisor()
    assert findings(monit) == ()
    daemon.hurt(signal.SIGSTOP)
    began = time.monotonic()
    error = refused(monit)
    took = time.monotonic() - began
    daemon.hurt(signal.SIGCONT)
    assert "does not answer" in error.what
    assert isinstance(error, RestartRefused), "only status had been asked"
    assert 3 < took < 9
    until(lambda: findings(monit) == (), "the daemon to be back")
    assert "restart on user request" not in daemon.log


def test_a_daemon_that_hangs_between_look_and_request_may_have_been_asked(
    daemon: Daemon, supervisor: Make
) -> None:
    """The request waits in its socket and is obeyed when it wakes up."""
    running(daemon)
    stop_it = f"kill -STOP $(cat {daemon.home}/pid); "
    slow = daemon.home / "monit-then-stop"
    slow.write_text(f'#!/bin/sh\n[ "$2" = restart ] && {stop_it}\nexec {daemon.command} "$@"\n')
    slow.chmod(0o700)
    error = refused(supervisor(command=str(slow)))
    assert not isinstance(error, RestartRefused)
    daemon.hurt(signal.SIGCONT)
    until(lambda: "restart on user request" in daemon.log, "the late request to be obeyed")


def test_a_daemon_without_httpd_is_found(daemon: Daemon, supervisor: Make) -> None:
    daemon.sleeper("app_1")
    daemon.write(httpd="")
    daemon.start()
    until((daemon.home / "pid").exists, "the daemon to start")
    finding = the_finding(supervisor())
    assert "httpd is not enabled" in finding.what
    assert "set httpd unixsocket" in finding.fix
    assert isinstance(refused(supervisor()), RestartRefused)


def test_the_cure_for_a_missing_httpd_cures(daemon: Daemon, supervisor: Make) -> None:
    daemon.sleeper("app_1")
    daemon.write(httpd="")
    daemon.start()
    until((daemon.home / "pid").exists, "the daemon to start")
    fix = the_finding(supervisor()).fix
    statement = fix.removeprefix("add to monit's control file: ").split(";")[0]
    daemon.write(httpd=statement.replace("/run/monit.sock", "{home}/socket"))
    daemon.says("reload")
    until(lambda: findings(supervisor()) == (), "monit to answer")


def test_an_unknown_group_is_found_and_nothing_is_asked(daemon: Daemon, supervisor: Make) -> None:
    running(daemon)
    monit = supervisor(group="nosuch")
    finding = the_finding(monit)
    assert "does not know the group" in finding.what
    assert "nosuch" in finding.what
    assert "monit.group" in finding.fix
    assert isinstance(refused(monit), RestartRefused)


def test_an_unknown_service_is_refused_and_those_after_it_are_not_asked(
    daemon: Daemon, supervisor: Make
) -> None:
    running(daemon)
    assert isinstance(refused(supervisor(), "nosuch", "app_1"), RestartRefused)
    assert "restart on user request" not in daemon.log


def test_an_unknown_service_after_a_known_one_is_no_clean_refusal(
    daemon: Daemon, supervisor: Make
) -> None:
    running(daemon)
    error = refused(supervisor(), "app_1", "nosuch")
    assert not isinstance(error, RestartRefused)
    assert daemon.log.count("restart on user request") == 1


def test_a_count_that_does_not_match_is_found_with_the_names(
    daemon: Daemon, supervisor: Make
) -> None:
    running(daemon, "app_1", "app_2")
    finding = the_finding(supervisor(instances=3))
    assert finding.what == "3 instances expected, monit has 2 (app_1, app_2)"
    assert "no process" in the_finding(supervisor(match="nobody")).what


def test_who_is_not_monitored_is_found(daemon: Daemon, supervisor: Make) -> None:
    running(daemon, "app_1", "app_2")
    monit = supervisor()
    daemon.says("unmonitor app_2")
    until(lambda: findings(monit), "it to be unmonitored")
    finding = the_finding(monit)
    assert "app_2 is not monitored" in finding.what
    assert finding.fix.endswith("monitor app_2")


def test_a_restart_that_is_under_way_is_found(daemon: Daemon, supervisor: Make) -> None:
    daemon.sleeper("app_1", stop="sleep 1.5; kill -TERM $(cat {pid})")
    daemon.write()
    daemon.start()
    daemon.settle()
    monit = supervisor()
    asyncio.run(monit.restart("web1", [Instance("app_1")]))
    assert "restart pending" in the_finding(monit).what


def test_a_monit_that_is_not_there_is_found(daemon: Daemon, supervisor: Make) -> None:
    finding = the_finding(supervisor(command=str(daemon.home / "monit")))
    assert "no monit" in finding.what


def test_a_stranger_in_place_of_monit_is_found(supervisor: Make) -> None:
    assert "does not tell its version" in the_finding(supervisor(command="echo hello")).what
    old = the_finding(supervisor(command="echo This is monit version 5.0.3"))
    assert "5.0.3 is too old" in old.what


def as_nobody(host: str, command: str, *, timeout: float) -> Said:
    """Run as the login of a host that sudo does not know."""
    return run_here(host, f"exec setpriv --reuid nobody --clear-groups {command}", timeout=timeout)


def by_a_shell_of_his(host: str, command: str, *, timeout: float) -> Said:
    return as_nobody(host, f"sh -c {shlex.quote(command)}", timeout=timeout)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become nobody")
@pytest.mark.skipif(not shutil.which("sudo") or not shutil.which("setpriv"), reason="no sudo")
def test_a_sudo_that_wants_a_password_is_found_with_the_line_that_cures() -> None:
    monit = MonitSupervisor(by_a_shell_of_his, MonitOptions(), asyncio.to_thread)
    finding = the_finding(monit)
    assert "sudo refused" in finding.what
    assert "nobody ALL=(root) NOPASSWD: /usr/bin/monit" in finding.fix
    assert isinstance(refused(monit), RestartRefused)
