"""A rule of the operator's own that matches does not make a process of monit's "not running"."""

import pytest

from rollout.adapters.monit.preflight import findings_in
from rollout.adapters.monit.status_parser import ServiceBlock
from rollout.adapters.monit.translate_states import instance_state
from rollout.model.conditions import is_new_process, unchanged_processes
from rollout.model.fleet import Finding, InstanceState, ProcessIdentity, ProcessState, SickFinding

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
    block = ServiceBlock(
        kind="Process",
        name="app_1",
        status=status,
        pending=pending,
        monitoring="Monitored" if monitored else "Not monitored",
        pid=process.pid if process else None,
    )
    return instance_state(block, process)


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


@pytest.mark.parametrize(
    ("status", "monitored", "expected"),
    [
        ("OK", True, ProcessState.RUNNING),
        ("Resource limit matched", True, ProcessState.RUNNING),
        ("Initializing", True, ProcessState.STARTING),
        ("initializing", False, ProcessState.STARTING),
        ("Not monitored", False, ProcessState.UNMONITORED),
        ("OK", False, ProcessState.UNMONITORED),
        ("", False, ProcessState.UNMONITORED),
        ("Does not exist", True, ProcessState.FAILED),
        ("Execution failed | Does not exist", True, ProcessState.FAILED),
        ("Resource limit matched | Does not exist", True, ProcessState.FAILED),
        ("Data access error", True, ProcessState.UNKNOWN),
        ("Waiting", True, ProcessState.UNKNOWN),
        ("", True, ProcessState.UNKNOWN),
    ],
)
def test_each_word_of_monits_has_a_state(
    status: str,
    monitored: bool,  # noqa: FBT001 - as it is seen
    expected: ProcessState,
) -> None:
    assert state(status, monitored=monitored).state is expected


def test_the_port_test_is_monits_own_and_does_not_stop_the_process_from_running() -> None:
    assert state("Connection failed").port_test_failed
    assert state("Connection failed").running
    assert not state("OK").port_test_failed
