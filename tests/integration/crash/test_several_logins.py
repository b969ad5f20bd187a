"""Cron's login, a colleague's and root share a fleet: each sees to what another one left.

A run of one login is killed; the next login recovers it, the third resumes it.  ``make sweep``
strikes at every event; here at one of every kind of state.
"""

import os
import shutil
import subprocess
import sys
from itertools import cycle
from pathlib import Path

import pytest

from examples.fleet import Fleet
from tests.integration.conftest import MakeFleet
from tests.integration.crash.test_kill_sweep import (
    EVERY,
    FULL,
    QUICK,
    SHAPE,
    Sweep,
    moments_of,
    one_of_each,
    swept,
)
from tests.support.killed_runs import FATED, Died, told_in
from tests.support.logins import (
    ALICE,
    BOB,
    CHECKOUT,
    STRANGER,
    TEAM_GID,
    UIDS,
    Logins,
    tree,
)
from tests.support.observed_restart import WITHIN

pytestmark = [pytest.mark.integration, pytest.mark.timeout(5400 if FULL else 300)]

TURNS = (ALICE, BOB, "root")


class OneFleetOfThree(Sweep):
    """A sweep in which each command is that of the next login.

    The lock and the journals lie where the administrator has made them for the team.
    """

    def __init__(self, fleet: Fleet, logins: Logins) -> None:
        self.logins = logins
        self.turns = cycle(TURNS)
        super().__init__(fleet)
        fleet.settings({**QUICK, "lock.directory": None})
        logins.for_the_team(logins.shared)
        logins.for_the_team(logins.shared / "lock")
        fleet.directory.chmod(0o711)
        for name, balancer in fleet.balancers.items():
            assert name
            balancer.directory.chmod(0o711)
            os.chown(balancer.socket, 0, TEAM_GID)
            balancer.socket.chmod(0o660)
        config = fleet.ssh_config.read_text()
        fleet.ssh_config.write_text(config.replace(str(fleet.directory / "client_key"), "~/key"))
        for name in TURNS:
            key = logins.home(name) / "key"
            shutil.copy(fleet.directory / "client_key", key)
            key.chmod(0o600)
            os.chown(key, UIDS.get(name, 0), UIDS.get(name, 0))

    def kill(self, number: int, *words: str) -> Died:
        login = next(self.turns)
        typed = [sys.executable, "-c", FATED, str(number), *self.typed(*words)]
        done = self.logins.run(login, typed, timeout=WITHIN, PYTHONPATH=str(CHECKOUT))
        return Died(done.returncode, told_in(self.journals()[-1]))

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        typed = [sys.executable, "-m", "rollout", *self.typed(*words)]
        login = next(self.turns)
        return self.logins.run(login, typed, timeout=WITHIN, PYTHONPATH=str(CHECKOUT))

    def typed(self, *words: str) -> list[str]:
        return ["--config", str(self.fleet.settings_file), *words]

    def journals(self) -> list[Path]:
        return sorted(self.logins.shared.glob("shop.*.jsonl"))

    def left_open(self) -> list[str]:
        left = [*self.logins.shared.glob("*.open"), *self.logins.shared.glob("lock/*/lock")]
        return [str(path) for path in left]


def a_few(kinds: list[str]) -> list[int]:
    """Choose so many moments that each login has killed, recovered and resumed."""
    return one_of_each(kinds)[1:4]


def test_a_restart_of_one_login_that_is_killed_is_recovered_by_another_and_resumed_by_a_third(
    make_fleet: MakeFleet, logins: Logins
) -> None:
    sweep = OneFleetOfThree(make_fleet(SHAPE), logins)
    moments = tuple(moments_of(sweep, a_few, "restart"))
    swept(sweep, EVERY if FULL else moments, "restart")
    owners = {path.stat().st_uid for path in sweep.journals()}
    assert owners == {0, UIDS[ALICE], UIDS[BOB]}


def test_a_stranger_changes_nothing_of_what_a_killed_run_has_left(
    make_fleet: MakeFleet, logins: Logins
) -> None:
    sweep = OneFleetOfThree(make_fleet(SHAPE), logins)
    (moment,) = moments_of(sweep, lambda kinds: [kinds.index("target.maint") + 1], "restart")
    sweep.kill(moment, "restart")
    left = tree(logins.shared)
    for words in (["recover", "--yes"], ["lock", "break", "--yes"], ["restart"], ["status"]):
        typed = [sys.executable, "-m", "rollout", *sweep.typed(*words)]
        done = logins.run(STRANGER, typed, timeout=WITHIN, PYTHONPATH=str(CHECKOUT))
        assert done.returncode == 3, (words, done.stderr)
    assert tree(logins.shared) == left
    sweep.say("recover", "--yes", code={0})
