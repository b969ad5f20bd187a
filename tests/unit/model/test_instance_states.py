"""A rule of the operator's own that matches does not make a process of monit's "not running"."""

import pytest

from rollout.adapters.monit.preflight import findings_in
from rollout.model.conditions import is_new_process, unchanged_processes
from rollout.model.fleet import Finding, InstanceState, ProcessIdentity, SickFinding

OLD, NEW = ProcessIdentity(1, 10, "b"), ProcessIdentity(2, 20, "b")

RUN = [
    *("OK", "Running", "running", "Resource limit matched", "Uptime failed", "PID changed"),
    *("PPID changed", "PID failed", "Timestamp failed", "Timestamp changed", "Size failed"),
    *("Content failed", "Content match", "Status failed", "Checksum changed", "UID failed"),
    *("Connection failed", "Resource limit matched | Uptime failed", "Saturation exceeded"),
]
RUN_NOT = [
    *("Does not exist", "Execution failed", "Execution failed | Does not exist", "Initializing"),
    *("initializing", "Not monitored", "not monitored", "Data access error", "Waiting", ""),
    *("Resource limit matched | Does not exist", "PID changed | Data access error"),
]


def state(
    status: str, *, process: ProcessIdentity | None = NEW, monitored: bool = True, pending: str = ""
) -> InstanceState:
    return InstanceState(
        name="app_1", status=status, monitored=monitored, pending=pending, process=process
    )


def findings(one: InstanceState) -> tuple[Finding, ...]:
    return findings_in("web1", [one], "monit", "app.*", None)


@pytest.mark.parametrize("status", RUN)
def test_a_watched_process_that_lives_runs_whatever_rule_matched(status: str) -> None:
    assert state(status).running
    assert is_new_process({"app_1": OLD}, state(status)).met
    assert unchanged_processes({"app_1": NEW}, [state(status)]) == ("app_1",)
    assert findings(state(status)) == ()


@pytest.mark.parametrize("status", RUN_NOT)
def test_where_monit_has_no_process_none_runs(status: str) -> None:
    assert not state(status).running
    assert not is_new_process({"app_1": OLD}, state(status)).met
    assert findings(state(status)) != ()


@pytest.mark.parametrize("status", RUN)
def test_a_rule_does_not_hide_what_is_pending_unwatched_or_gone(status: str) -> None:
    assert not state(status, pending="restart").running
    assert not state(status, monitored=False).running
    gone = state(status, process=None)
    assert not gone.running
    (finding,) = findings(gone)
    assert "its process is gone" in finding.what


@pytest.mark.parametrize("status", ["Waiting", "waiting"])
def test_what_waits_for_its_time_cannot_be_proven_so_no_flag_accepts_it(status: str) -> None:
    (finding,) = findings(state(status, process=None))
    assert not isinstance(finding, SickFinding)
    assert finding.fix == "take `every` off app_1 in monit's control file"


@pytest.mark.parametrize("status", RUN)
def test_nobody_is_told_to_start_a_process_that_lives(status: str) -> None:
    for monitored in (True, False):
        assert not any(" start " in one.fix for one in findings(state(status, monitored=monitored)))


def test_what_a_rule_reports_is_told() -> None:
    assert state("Uptime failed").alert == "Uptime failed"
    assert state("OK").alert == ""
    assert state("running").alert == ""
    assert state("Does not exist", process=None).alert == ""
