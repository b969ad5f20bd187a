"""What the supervisor keeps in mind between two looks; the answers are as scripts print them."""

import asyncio
from dataclasses import dataclass

import pytest

from rollout.adapters.monit.supervisor import MonitOptions, MonitSupervisor
from rollout.adapters.ssh.errors import CommandTimedOut, Unreachable
from rollout.model.errors import RemoteError, RestartRefused, SettingsError
from rollout.model.fleet import Instance, ProcessIdentity

VERSION = "@monit 0\nThis is Monit version 5.33.0\n"
PROC = "@boot b007\n@btime 1000\n@ticks 100\n"
OWN = "77 (ruby) S 0" + " 1" * 17 + " 4200 19 20\n"
BLOCK = (
    "@monit 0\nMonit 5.33.0 uptime: 0m\n\nProcess 'app_1'\n"
    "  status                       OK\n"
    "  monitoring status            Monitored\n"
    "  pid                          77\n"
)


@dataclass(frozen=True)
class Said:
    out: str
    status: int | None = 0
    err: str = ""
    truncated: bool = False


class Script:
    """Answers in the given order, and remembers what was typed; an error is raised."""

    def __init__(self, *answers: str | Exception | Said) -> None:
        self.answers = list(answers)
        self.typed: list[str] = []

    def __call__(self, host: str, command: str, *, timeout: float) -> Said:
        assert host == "web1"
        assert timeout > 0
        self.typed.append(command)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return Said(answer) if isinstance(answer, str) else answer


def supervisor(script: Script, ssh: str = "ssh", instances: int | None = None) -> MonitSupervisor:
    options = MonitOptions(ssh=ssh, instances=instances)
    return MonitSupervisor(script, options, asyncio.to_thread)


def test_the_version_is_asked_once_per_host() -> None:
    script = Script(VERSION, PROC + OWN + BLOCK, PROC + OWN + BLOCK)
    monit = supervisor(script)
    for _ in range(2):
        asyncio.run(monit.look("web1"))
    assert ['"$@" -V ' in command for command in script.typed] == [True, False, False]


def test_a_process_shown_by_hidepid_and_gone_is_not_taken_for_a_new_one() -> None:
    script = Script(VERSION, PROC + OWN + BLOCK, PROC + BLOCK)
    monit = supervisor(script)
    (before,) = asyncio.run(monit.look("web1"))
    (after,) = asyncio.run(monit.look("web1"))
    assert before.process == ProcessIdentity(77, 4200, "b007")
    assert after.process is None


def test_a_restart_that_ssh_never_began_is_certainly_not_asked_for() -> None:
    script = Script(VERSION, Unreachable("web1", "no route", "ping web1", asked=False))
    with pytest.raises(RestartRefused, match="no route"):
        asyncio.run(supervisor(script).restart("web1", [Instance("app_1")]))


def test_a_restart_whose_answer_was_lost_is_not_called_refused_and_not_repeated() -> None:
    script = Script(VERSION, CommandTimedOut("web1", "late", asked=True))
    with pytest.raises(RemoteError, match="late"):
        asyncio.run(supervisor(script).restart("web1", [Instance("app_1")]))
    assert len(script.typed) == 2


def test_nobody_is_asked_for_twice_in_one_request() -> None:
    script = Script(VERSION, "@asked 1 of 1\n@monit 0\n\n")
    asyncio.run(supervisor(script).restart("web1", [Instance("app_1"), Instance("app_1", 80)]))
    assert script.typed[1].count("app_1") == 1


def test_a_restart_of_nobody_asks_nothing() -> None:
    script = Script()
    asyncio.run(supervisor(script).restart("web1", []))
    assert script.typed == []


def test_settings_that_make_no_sense_are_all_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        MonitOptions(command="sudo 'monit", match="(")
    assert [p.split(":")[0] for p in caught.value.problems] == ["monit.command", "monit.match"]


DOWN = BLOCK.replace("OK", "Does not exist").replace("77", "-")


@pytest.mark.parametrize(
    ("answer", "typed"),
    [
        (PROC + DOWN, "-t web1 sudo monit start app_1"),
        (PROC + BLOCK.replace("OK", "Initializing"), "web1 sudo -n monit summary"),
        (PROC + OWN + BLOCK, "web1 sudo -n monit summary"),
        ("@monit 1\nmonit: the monit daemon is not running\n", "-t web1 sudo systemctl start"),
    ],
    ids=["down", "settling", "another number", "no daemon"],
)
def test_what_mends_a_host_is_typed_with_the_ssh_of_the_settings(answer: str, typed: str) -> None:
    script = Script(VERSION, answer)
    monit = supervisor(script, ssh="ssh -F /etc/ssh_shop", instances=2 if OWN in answer else None)
    fixes = [finding.fix for finding in asyncio.run(monit.examine("web1"))]
    assert any(f"ssh -F /etc/ssh_shop {typed}" in fix for fix in fixes), fixes
