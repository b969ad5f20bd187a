"""What the disk of this machine says becomes a sentence."""

import shutil
from pathlib import Path

import pytest

from rollout.adapters.sources.export_directory import disk_trouble
from rollout.model.errors import SourceError


def test_a_disk_that_says_no_is_told_in_a_sentence() -> None:
    with pytest.raises(SourceError) as raised, disk_trouble("no place for the code"):
        raise OSError(28, "No space left on device", "cache/x")
    assert str(raised.value) == ("bastion: no place for the code: cache/x: No space left on device")


def test_the_first_of_many_copies_that_failed_is_named(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    with (
        pytest.raises(SourceError, match="the tree cannot be copied: a: not allowed"),
        disk_trouble("the tree cannot be copied"),
    ):
        raise shutil.Error([("a", "b", "not allowed"), ("c", "d", "neither")])
