"""Rollout as it is typed on another machine: in its own directory, with journals of its own."""

import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from rollout.adapters.journal.files import names_in
from rollout.adapters.journal.reader import read
from rollout.model.lock_state import PastRun
from tests.integration.trouble.conftest import Troubled
from tests.support.started_runs import Ended, Running


class Bastion:
    """A place from which the fleet is rolled; two of them know nothing of each other's journals.

    Args:
        inside: Words before the command, such as those of ``unshare``.
    """

    def __init__(self, shop: Troubled, name: str, *, inside: Sequence[str] = ()) -> None:
        self._shop = shop
        self._inside = inside
        self._directory = shop.fleet.directory / name
        self._directory.mkdir()
        self.state = self._directory / "state"

    def start(self, *words: str) -> Running:
        """Type ``rollout WORDS`` there."""
        env = (*self._inside, "env", "-C", str(self._directory), f"XDG_STATE_HOME={self.state}")
        running = _Elsewhere(self._shop, env, words)
        self._shop._stack.callback(running.stop)
        return running

    def rollout(self, *words: str, timeout: float = 60.0) -> Ended:
        return self.start(*words).end(timeout)


class _Elsewhere(Running):
    def __init__(self, shop: Troubled, env: Sequence[str], words: Sequence[str]) -> None:
        fleet = shop.fleet
        number = len(list(fleet.directory.glob("run-*.err")))
        self._said = fleet.directory / f"run-{number}.err"
        self._data = fleet.directory / f"run-{number}.out"
        self._began = time.monotonic()
        with self._said.open("wb") as said, self._data.open("wb") as data:
            self.process = subprocess.Popen(
                [*env, *fleet.command(*words)],
                env=fleet.environment,
                stdin=subprocess.DEVNULL,
                stdout=data,
                stderr=said,
                start_new_session=True,
            )


def state_of(shop: Troubled) -> Path:
    """Return where the journals of ordinary runs over ``shop`` lie."""
    return shop.fleet.directory / "state"


def last_in(state: Path) -> PastRun:
    """Read the journal of the newest run below ``state``."""
    name = names_in(state / "rollout", "shop")[-1]
    past = read(name)
    assert past is not None, f"{name.journal} has no beginning"
    return past


def open_in(state: Path) -> list[str]:
    """Name the runs below ``state`` that are marked as ones that somebody must see to."""
    return [name.run for name in names_in(state / "rollout", "shop") if name.mark.exists()]


def kill_9(running: Running) -> None:
    """Let a run die without a word, and wait until it is gone."""
    running.send(signal.SIGKILL)
    running.process.wait(10)


def restarts(shop: Troubled, host: str) -> int:
    """Count how often monit of ``host`` was asked for a restart."""
    log = (shop.fleet.hosts[host].directory / "monit.log").read_text()
    return log.count("restart on user request")
