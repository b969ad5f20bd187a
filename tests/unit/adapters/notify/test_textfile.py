"""The file for Prometheus is replaced whole, readable for others, and never seen half written."""

import errno
import os
import stat
from pathlib import Path

import pytest

from rollout.adapters.notify.preflight import try_textfile
from rollout.adapters.notify.textfile import TextFile


def test_it_is_replaced_whole_and_others_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "shop.prom"
    os.umask(before := os.umask(0o077))
    os.umask(0o077)
    try:
        file = TextFile(path)
        file.update(lambda before: f"{before}one\n")
        first = path.stat().st_ino
        file.update(lambda before: f"{before}two\n")
    finally:
        os.umask(before)
    assert path.read_text() == "one\ntwo\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert path.stat().st_ino != first
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "shop.prom"
    path.write_text("before\n")

    def full(_descriptor: int, _mode: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fchmod", full)
    with pytest.raises(OSError, match="No space"):
        TextFile(path).update(lambda _: "after\n")
    assert path.read_text() == "before\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_of_another_login_is_replaced_and_not_followed(tmp_path: Path) -> None:
    other, path = tmp_path / "other", tmp_path / "shop.prom"
    other.write_text("mine\n")
    path.symlink_to(other)
    TextFile(path).update(lambda _: "metrics\n")
    assert other.read_text() == "mine\n"
    assert not path.is_symlink()


@pytest.mark.timeout(10)
def test_a_fifo_is_replaced_and_never_waited_for(tmp_path: Path) -> None:
    """The thread that writes the metrics waited for ever for a writer, and wrote none."""
    path = tmp_path / "shop.prom"
    os.mkfifo(path)
    TextFile(path).update(lambda before: f"{before}metrics\n")
    assert path.read_text() == "metrics\n"


def test_a_directory_in_its_place_is_found_before_a_run(tmp_path: Path) -> None:
    (tmp_path / "shop.prom").mkdir()
    (finding,) = try_textfile(str(tmp_path / "shop.prom"))
    assert (finding.where, finding.what) == (
        "metrics.textfile",
        f"{tmp_path / 'shop.prom'} is a directory",
    )
