"""``rollout lock acquire`` on a machine whose load balancer is here: what fails leaves no lock."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rollout.adapters.lock.remote_lock import FleetLock
from rollout.cli.arguments import Arguments
from rollout.cli.commands.lock import acquire, release
from rollout.cli.global_options import GlobalOptions
from rollout.cli.options import REASON, YES
from rollout.model.errors import LockError
from rollout.settings.options import Option

Command = Callable[[Arguments], int]


@pytest.fixture
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the locks of all apps lie, on this machine alone."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    directory = tmp_path / "lock"
    directory.mkdir(mode=0o700)
    file = tmp_path / "rollout.toml"
    file.write_text(
        'app = "shop"\n[balancers.lb1]\n[fleet]\nhosts = ["web1"]\n'
        f'[lock]\ndirectory = "{directory}"\n'
    )
    return directory


def typed(locks: Path, command: Command) -> int:
    values: dict[Option, object] = {REASON: "a test", YES: True}
    config = GlobalOptions(config=str(locks.parent / "rollout.toml"))
    return command(Arguments(typed=config, values=values))


def test_a_lock_by_hand_that_cannot_be_written_down_is_not_left_behind(locks: Path) -> None:
    assert typed(locks, acquire) == typed(locks, release) == 0
    (acts,) = locks.glob("*/acts")
    acts.unlink()
    (acts / "in the way").mkdir(parents=True)
    with pytest.raises(LockError):
        typed(locks, acquire)
    assert not [*locks.glob("*/lock")]


def test_a_lock_by_hand_whose_command_is_ended_is_not_left_behind(
    locks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ended(lock: FleetLock, line: str) -> None:
        raise KeyboardInterrupt(f"{lock}: {line}")

    monkeypatch.setattr(FleetLock, "note", ended)
    with pytest.raises(KeyboardInterrupt):
        typed(locks, acquire)
    assert not [*locks.glob("*/lock")]
