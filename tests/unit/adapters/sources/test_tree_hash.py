"""An mtime that means the contents: the same one never for two contents of a path."""

import os
import stat
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as some

from rollout.adapters.sources.tree_hash import (
    FORGOTTEN_AFTER,
    Entry,
    read_tree,
    revision_of,
    stamp,
)

NOW = 1_700_000_000


def stamped(root: Path, now: int, **files: str) -> dict[str, int]:
    """Write these files with any mtime, stamp them, and say what mtimes they got."""
    tree = root / "tree"
    tree.mkdir(exist_ok=True)
    for old in tree.iterdir():
        old.unlink()
    for name, content in files.items():
        (tree / name).write_text(content)
    stamp(tree, read_tree(tree), root / "memory.json", now)
    return {file.name: int(file.stat().st_mtime) for file in tree.iterdir()}


def test_what_is_the_same_keeps_its_mtime_and_what_is_new_gets_another(tmp_path: Path) -> None:
    assert stamped(tmp_path, NOW, same="a", other="a") == {"same": NOW, "other": NOW}
    assert stamped(tmp_path, NOW + 9, same="a", other="b") == {"same": NOW, "other": NOW + 9}


def test_branches_that_take_turns_find_their_mtimes_again(tmp_path: Path) -> None:
    stamped(tmp_path, NOW, app="a")
    stamped(tmp_path, NOW + 1, app="b")
    assert stamped(tmp_path, NOW + 2, app="a") == {"app": NOW}


def test_a_clock_that_stands_still_or_goes_back_makes_no_two_contents_alike(tmp_path: Path) -> None:
    stamped(tmp_path, NOW, app="a")
    assert stamped(tmp_path, NOW, app="b") == {"app": NOW + 1}
    assert stamped(tmp_path, NOW - 99, app="c") == {"app": NOW + 2}


@given(some.lists(some.tuples(some.sampled_from("abcdefgh"), some.integers(0, 3)), max_size=40))
def test_one_mtime_of_a_path_never_stands_for_two_contents(
    tmp_path_factory: object, turns: list[tuple[str, int]]
) -> None:
    root = Path(tmp_path_factory.mktemp("turns"))  # type: ignore[attr-defined]  # pytest's
    meant: dict[int, str] = {}
    now = NOW
    for content, later in turns:
        now += later
        when = stamped(root, now, app=content)["app"]
        assert meant.setdefault(when, content) == content


def test_a_memory_that_is_torn_is_begun_again(tmp_path: Path) -> None:
    stamped(tmp_path, NOW, app="a")
    (tmp_path / "memory.json").write_text('{"app": ')
    assert stamped(tmp_path, NOW + 5, app="a") == {"app": NOW + 5}


def test_a_path_that_has_long_been_gone_is_forgotten(tmp_path: Path) -> None:
    stamped(tmp_path, NOW, app="a", gone="x")
    stamped(tmp_path, NOW + FORGOTTEN_AFTER - 1, app="a")
    assert "gone" in (tmp_path / "memory.json").read_text()
    stamped(tmp_path, NOW + FORGOTTEN_AFTER, app="a")
    assert "gone" not in (tmp_path / "memory.json").read_text()


def test_links_and_names_that_are_no_utf8_are_stamped_too(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / os.fsdecode(b"\xff")).write_text("x")
    (tree / "link").symlink_to("nowhere")
    stamp(tree, read_tree(tree), tmp_path / "memory.json", NOW)
    assert {int(file.lstat().st_mtime) for file in tree.iterdir()} == {NOW}
    stamp(tree, read_tree(tree), tmp_path / "memory.json", NOW + 5)
    assert {int(file.lstat().st_mtime) for file in tree.iterdir()} == {NOW}


def test_a_revision_is_paths_modes_and_contents_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").write_text("1")
    (tmp_path / ".git").mkdir()
    first = revision_of(read_tree(tmp_path))
    (tmp_path / "REVISION").write_text("whatever")
    (tmp_path / ".git" / "HEAD").write_text("x")
    os.utime(tmp_path / "a" / "x", (1, 1))
    assert revision_of(read_tree(tmp_path)) == first
    (tmp_path / "a" / "x").chmod(0o755)
    assert revision_of(read_tree(tmp_path)) != first


def test_names_cannot_be_moved_between_the_fields_of_a_revision() -> None:
    file = stat.S_IFREG
    one = [Entry("ab", file, "c")]
    other = [Entry("a", file, "bc")]
    assert revision_of(one) != revision_of(other)
