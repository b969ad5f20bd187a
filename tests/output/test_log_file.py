"""The log beside the screen: what `--output plain` prints, and a disk that fails stops nothing."""

import os
import stat
from pathlib import Path

import pytest

from rollout.output.log_file import LogFile
from rollout.output.plain import Plain
from rollout.output.terminal import WIDE
from tests.output.recorded_runs import RICH, Memory, broadcast_to


def logged(file: Path, warned: list[str] | None = None) -> tuple[str, str]:
    """Play a run with a log; return what plain says, and what was complained of."""
    plain, stderr = Memory(), Memory()
    heard = [] if warned is None else warned
    log = LogFile(file, lambda where, what: heard.append(f"{where}: {what}"))
    broadcast = broadcast_to(log, Plain(plain, lambda: WIDE), complain=stderr)
    for event in RICH:
        broadcast.tell(event)
    broadcast.end()
    log.finish()
    return plain.text, stderr.text


def test_the_file_has_what_plain_prints_and_runs_follow_each_other(tmp_path: Path) -> None:
    file, warned = tmp_path / "shop.log", list[str]()
    first, complained = logged(file, warned)
    assert (complained, warned) == ("", [])
    assert file.read_text() == first
    assert "LEFT" in first or "FAILED" in first
    logged(file)
    assert file.read_text() == first * 2


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o600), (0o277, 0o400)])
def test_it_is_made_for_its_owner_alone(umask: int, mode: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        logged(tmp_path / "shop.log")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "shop.log").stat().st_mode) == mode


def test_a_file_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "shop.log"
    file.write_text("before\n")
    file.chmod(0o644)
    logged(file)
    assert file.read_text().startswith("before\n")
    assert stat.S_IMODE(file.stat().st_mode) == 0o644


def full(tmp_path: Path) -> Path:
    del tmp_path
    return Path("/dev/full")


def no_directory(tmp_path: Path) -> Path:
    return tmp_path / "none" / "shop.log"


def fifo(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "fifo")
    return tmp_path / "fifo"


def directory(tmp_path: Path) -> Path:
    return tmp_path


@pytest.mark.parametrize("where", [full, no_directory, fifo, directory])
def test_what_cannot_be_written_is_said_once_and_the_run_goes_on(
    where: object, tmp_path: Path
) -> None:
    file, warned = where(tmp_path), list[str]()  # type: ignore[operator]
    plain, complained = logged(file, warned)
    assert plain.endswith("\n")
    lines = [*complained.splitlines(), *warned]
    assert len(lines) == 1, lines
    assert str(file) in lines[0]
