"""A file that is put in its place: whole or not at all, and through nobody's link."""

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rollout.adapters.local.whole_file import replace_file
from rollout.cli.commands import plan, report
from tests.output.test_plan import RESTART


@pytest.fixture(autouse=True)
def fixture_umask() -> Iterator[None]:
    before = os.umask(0o027)
    yield
    os.umask(before)


def written_by_plan(file: Path) -> None:
    plan._write(RESTART, file)


def written_by_report(file: Path) -> None:
    report._write(file, "<p>")


def test_its_mode_is_what_the_umask_leaves_or_what_was_said(tmp_path: Path) -> None:
    replace_file(tmp_path / "one", "text")
    replace_file(tmp_path / "two", "text", 0o644)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("one", "two")]
    assert modes == [0o640, 0o644]


def test_text_that_is_no_utf_8_is_written_all_the_same(tmp_path: Path) -> None:
    replace_file(tmp_path / "file", "a\udc80b")
    assert (tmp_path / "file").read_text() == "a?b"


@pytest.mark.parametrize("write", [written_by_plan, written_by_report])
def test_no_link_that_stands_where_a_command_writes_is_followed(
    write: Callable[[Path], None], tmp_path: Path
) -> None:
    mine = tmp_path / "mine"
    mine.write_text("mine\n")
    file = tmp_path / "plan.json"
    for name in (file, tmp_path / f".{file.name}.new"):
        name.symlink_to(mine)
    write(file)
    assert mine.read_text() == "mine\n"
    assert not file.is_symlink()


@pytest.mark.parametrize("write", [written_by_plan, written_by_report])
def test_what_cannot_be_written_leaves_what_stood_there(
    write: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_text("before\n")

    def full(*_: Any, **__: Any) -> None:  # noqa: ANN401 - whatever a rename is given
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "rename", full)
    monkeypatch.setattr(os, "replace", full)
    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(Exception, match="cannot be written: No space left on device"):
        write(file)
    assert file.read_text() == "before\n"
    assert list(tmp_path.iterdir()) == [file]
