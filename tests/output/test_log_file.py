"""The log beside the screen: what `--output plain` prints, and a disk that fails stops nothing."""

import os
import pty
import socket
import stat
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TextIO

import pytest

from rollout.cli.run_log import SCREEN, open_log
from rollout.output.log_file import LogFile
from rollout.output.plain import Plain
from rollout.output.terminal import WIDE
from tests.output.recorded_runs import RICH, Memory, broadcast_to


def logged(
    file: Path, warned: list[str] | None = None, taken: dict[str, TextIO] | None = None
) -> tuple[str, str]:
    """Play a run with a log; return what plain says, and what was complained of."""
    plain, stderr = Memory(), Memory()
    heard = [] if warned is None else warned
    log = LogFile(
        file,
        lambda where, what: heard.append(f"{where}: {what}"),
        partial(open_log, file, taken or {}),
    )
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


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="gives links to other accounts")
STRANGER = 4001


@needs_root
@pytest.mark.parametrize("where", ["shop.log", "logs"])
def test_a_link_of_another_account_is_not_followed(where: str, tmp_path: Path) -> None:
    """Another account would choose the file to which root appends."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "shop.log").write_text("")
    file = tmp_path / "shop.log" if where == "shop.log" else tmp_path / "logs" / "shop.log"
    (tmp_path / where).symlink_to("real/shop.log" if where == "shop.log" else "real")
    os.chown(tmp_path / where, STRANGER, STRANGER, follow_symlinks=False)
    _, complained = logged(file)
    assert f"the log {file} cannot be written: {tmp_path / where} is not trusted" in complained
    assert "it is a link of another account (uid 4001)" in complained
    assert (tmp_path / "real" / "shop.log").read_text() == ""


def test_a_link_of_ours_is_followed_and_a_shared_directory_is_no_trouble(tmp_path: Path) -> None:
    """Ubuntu's /var/log may be written by a group."""
    (tmp_path / "team").mkdir()
    (tmp_path / "team").chmod(0o2775)
    (tmp_path / "shop.log").symlink_to("team/shop.log")
    first, complained = logged(tmp_path / "shop.log")
    assert complained == ""
    assert (tmp_path / "team" / "shop.log").read_text() == first


def test_a_fifo_that_is_read_gets_the_lines(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    first, complained = logged(tmp_path / "fifo")
    assert complained == ""
    assert os.read(reader, 1_000_000).decode() == first
    os.close(reader)


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.set_inheritable(True)
    with ours, theirs:
        yield ours, theirs


@pytest.mark.parametrize("place", ["/dev/fd", "/proc/self/fd"])
def test_a_descriptor_that_the_program_was_started_with_gets_the_lines_also_a_socket(
    ends: tuple[socket.socket, socket.socket], place: str
) -> None:
    """As systemd gives them for stdout and stderr: no path leads to a socket."""
    ours, theirs = ends
    first, complained = logged(Path(place, str(ours.fileno())))
    assert complained == ""
    assert theirs.recv(1_000_000).decode() == first


def test_a_descriptor_of_rollouts_own_is_not_written_to(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    """A journal is such a one."""
    ours, _ = ends
    ours.set_inheritable(False)
    _, complained = logged(Path(f"/dev/fd/{ours.fileno()}"))
    assert f"the log /dev/fd/{ours.fileno()} cannot be written: Bad file descriptor" in complained


def test_the_terminal_that_shows_the_run_does_not_get_its_lines_once_more() -> None:
    reads, terminal = pty.openpty()
    with os.fdopen(terminal, "w") as screen:
        _, complained = logged(Path(os.ttyname(terminal)), taken={SCREEN: screen})
    os.close(reads)
    assert f"cannot be written: {SCREEN}" in complained


def test_a_file_that_gets_the_json_does_not_get_the_lines(tmp_path: Path) -> None:
    with (tmp_path / "out.json").open("w") as out:
        _, complained = logged(tmp_path / "out.json", taken={"these are lines of JSON": out})
        _, nothing = logged(tmp_path / "shop.log", taken={"these are lines of JSON": out})
    assert "cannot be written: these are lines of JSON" in complained
    assert nothing == ""
    assert (tmp_path / "out.json").read_text() == ""
