"""Digests in place of secrets: equal for equal values, of use to no reader without the key."""

import os
import stat
from pathlib import Path

import pytest

from rollout.adapters.journal.secret_digests import KEY, comparable, is_sealed, open_digests
from rollout.cli.new_run import changed


def mode_of(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def test_the_same_value_has_the_same_digest_and_another_has_another(tmp_path: Path) -> None:
    first, second = open_digests(tmp_path / "state"), open_digests(tmp_path / "state")
    assert first.seal("deploy.env.A", "x") == second.seal("deploy.env.A", "x")
    assert first.seal("deploy.env.A", "x") != first.seal("deploy.env.A", "y")
    assert first.seal("deploy.env.A", "x") != first.seal("deploy.env.B", "x")
    assert is_sealed(first.seal("deploy.env.A", "x"))
    assert "hunter2" not in first.seal("deploy.env.A", "hunter2")


def test_the_key_is_for_those_who_can_read_the_journals(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        open_digests(tmp_path / "own")
        assert mode_of(tmp_path / "own" / KEY) == 0o600
        team = tmp_path / "team"
        team.mkdir()
        team.chmod(0o2770)
        open_digests(team)
    finally:
        os.umask(old)
    assert mode_of(team / KEY) == 0o640
    assert [file.name for file in team.iterdir()] == [KEY]


def test_a_key_that_is_a_link_or_cut_short_is_not_used(tmp_path: Path) -> None:
    known = tmp_path / "known"
    known.write_bytes(bytes(32))
    (tmp_path / KEY).symlink_to(known)
    assert not comparable(*(open_digests(tmp_path).seal("a", "b") for _ in range(2)))
    (tmp_path / KEY).unlink()
    (tmp_path / KEY).write_bytes(b"short")
    assert not comparable(*(open_digests(tmp_path).seal("a", "b") for _ in range(2)))


def test_a_changed_secret_is_named_and_neither_value_is_shown(tmp_path: Path) -> None:
    seal = open_digests(tmp_path).seal
    key = "deploy.env.SECRET_KEY_BASE"
    before, now = {key: seal(key, "s3cr3t")}, {key: seal(key, "n3w")}
    assert changed(before, before) == ()
    assert changed(before, now) == (f"{key} was changed",)
    assert changed(before, {}) == (f"{key} was removed",)
    assert changed({}, now) == (f"{key} was set",)
    assert changed({key: '"s3cr3t"'}, now) == (f"{key} was changed",)
    repo, url = "deploy.repo", '"https://me:s3cr3t@h/x"'
    assert changed({repo: url}, {}) == (f'{repo} was "https://h/x", is not set',)
    gone = 'a was "https://h/x", and this version of rollout does not have it'
    assert changed({"a": url}, {}) == (gone,)


@pytest.mark.parametrize("value", ["s3cr3t", "n3w"])
def test_a_digest_of_another_key_may_or_may_not_be_of_the_same_secret(
    tmp_path: Path, value: str
) -> None:
    here, there = open_digests(tmp_path / "here"), open_digests(tmp_path / "there")
    (said,) = changed({"a": here.seal("a", "s3cr3t")}, {"a": there.seal("a", value)})
    assert said == "a may have been changed: its digest is of another key than that of this machine"
