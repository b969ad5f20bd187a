"""The state directory is tried by what a run writes there, and is left as it was."""

import errno
import os
from pathlib import Path

import pytest

from rollout.adapters.journal import preflight as trial
from rollout.adapters.journal.preflight import try_directory


def test_where_a_journal_can_be_written_nothing_is_found_and_nothing_is_left(
    tmp_path: Path,
) -> None:
    assert try_directory(tmp_path / "state" / "rollout", ()) == ()
    assert list((tmp_path / "state" / "rollout").iterdir()) == []


def test_what_cannot_be_seen_on_the_disk_is_a_finding_and_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    (found,) = try_directory(tmp_path, ())
    assert found.what == f"the journal cannot be written: {tmp_path}: No space left on device"
    assert "XDG_STATE_HOME" in found.fix
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_others_can_write_is_a_finding(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    (found,) = try_directory(tmp_path, ())
    assert "is not trusted" in found.what
    assert found.fix == f"ls -ld {tmp_path}"


def test_a_directory_that_ends_with_the_container_is_a_finding_and_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "is_private", lambda *_: True)
    state = tmp_path / "state"
    (found,) = try_directory(state, ())
    assert "the journal would end with this container" in found.what
    assert found.fix == f"start the container with `-v {state}:{state}`"
    assert not state.exists()
