"""A path is trusted only if no other account can have written it, or put it there."""

import os
import stat
from pathlib import Path

import pytest

from rollout.trusted_paths import (
    Trust,
    UntrustedPath,
    open_directory,
    open_file,
    shared_group,
)

ME = os.geteuid()
STRANGER, TEAM = 4001, 4100
needs_root = pytest.mark.skipif(ME != 0, reason="gives files to other accounts")

FILE, FOLDER = stat.S_IFREG, stat.S_IFDIR


def found(mode: int, uid: int = ME, gid: int = 0) -> os.stat_result:
    return os.stat_result((mode, 0, 0, 1, uid, gid, 0, 0, 0, 0))


def read(path: Path) -> bytes:
    with os.fdopen(open_file(path), "rb") as file:
        return file.read()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    tmp_path.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize(
    ("mode", "uid", "objection"),
    [
        (FILE | 0o644, ME, ""),
        (FILE | 0o600, 0, ""),
        (FILE | 0o644, STRANGER, "it belongs to another account (owner uid 4001, group "),
        (FILE | 0o646, ME, "every account may write to it (owner "),
        (FILE | 0o666, 0, "every account may write to it (owner root, group root, mode 0666)"),
        (FILE | 0o664, ME, "its group may write to it (owner "),
        (FOLDER | 0o777, 0, "every account may write to it (owner root, group root, mode 0777)"),
        (FOLDER | 0o1777, 0, "every account may write to it (owner root, group root, mode 1777)"),
        (FOLDER | 0o2770, 0, "its group may write to it (owner root, group root, mode 2770)"),
    ],
)
def test_owner_and_mode_decide(mode: int, uid: int, objection: str) -> None:
    said = Trust().objection(found(mode, uid))
    assert said.startswith(objection)
    assert bool(said) is bool(objection)


def test_only_above_a_path_the_sticky_bit_makes_up_for_a_mode_that_is_too_wide() -> None:
    assert Trust().objection(found(FOLDER | 0o1777, 0), sticky=True) == ""
    assert "another account" in Trust().objection(found(FOLDER | 0o1777, STRANGER), sticky=True)
    assert "every account" in Trust().objection(found(FOLDER | 0o777, 0), sticky=True)


def test_a_file_of_ours_is_read(place: Path) -> None:
    (place / "file").write_bytes(b"ours")
    assert read(place / "file") == b"ours"


def test_a_path_with_dots_and_a_relative_one_are_read(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "below").mkdir()
    (place / "file").write_bytes(b"ours")
    monkeypatch.chdir(place / "below")
    assert read(Path("../below/.././file")) == b"ours"


def test_links_of_ours_are_followed_and_where_they_lead_is_judged(place: Path) -> None:
    (place / "real" / "below").mkdir(parents=True)
    (place / "real" / "below" / "file").write_bytes(b"ours")
    (place / "relative").symlink_to("real/below")
    (place / "absolute").symlink_to(place / "relative")
    (place / "file").symlink_to("absolute/../below/file")
    assert read(place / "file") == b"ours"
    (place / "real").chmod(0o777)
    with pytest.raises(UntrustedPath) as refused:
        read(place / "file")
    assert refused.value.path == place / "real"
    assert refused.value.fix == f"ls -ld {place}/real"


def test_links_that_go_round_end(place: Path) -> None:
    (place / "one").symlink_to("two")
    (place / "two").symlink_to("one")
    with pytest.raises(OSError, match="symbolic links"):
        read(place / "one")


def test_every_directory_above_must_be_trusted(place: Path) -> None:
    (place / "wide" / "ours").mkdir(parents=True)
    (place / "wide" / "ours" / "file").write_bytes(b"")
    (place / "wide").chmod(0o777)
    with pytest.raises(UntrustedPath, match=r"wide is not trusted: every account may write"):
        read(place / "wide" / "ours" / "file")
    (place / "wide").chmod(0o1777)
    assert read(place / "wide" / "ours" / "file") == b""


@needs_root
@pytest.mark.parametrize("what", ["wide", "wide/link", "wide/link/file"])
def test_what_another_account_owns_is_refused_wherever_it_lies(place: Path, what: str) -> None:
    (place / "wide").mkdir()
    (place / "real").mkdir()
    (place / "real" / "file").write_bytes(b"")
    (place / "wide" / "link").symlink_to(place / "real")
    os.chown(place / what, STRANGER, STRANGER, follow_symlinks=False)
    with pytest.raises(UntrustedPath, match=str(STRANGER)):
        read(place / "wide" / "link" / "file")


def test_a_fifo_is_refused_and_not_waited_for(place: Path) -> None:
    os.mkfifo(place / "fifo")
    with pytest.raises(UntrustedPath, match="fifo is not trusted: it is no regular file"):
        read(place / "fifo")


@pytest.mark.parametrize(
    ("link", "error"), [(True, "symbolic links"), (False, "every account may write to it")]
)
def test_a_file_that_is_exchanged_after_the_look_is_not_read(
    place: Path, monkeypatch: pytest.MonkeyPatch, *, link: bool, error: str
) -> None:
    file, wide = place / "file", place / "wide"
    file.write_bytes(b"ours")
    wide.write_bytes(b"not ours")
    wide.chmod(0o666)
    look = os.open

    def exchange(name: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if name == "file":
            file.unlink()
            file.symlink_to(wide) if link else wide.rename(file)
        return look(name, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", exchange)
    with pytest.raises((UntrustedPath, OSError), match=error):
        read(file)


def test_a_directory_is_made_for_this_account_alone_whatever_the_umask(place: Path) -> None:
    before = os.umask(0)
    try:
        os.close(open_directory(place / "one" / "two", make=True))
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (place / "one", place / "one" / "two")}
    assert modes == {0o700}


def test_a_directory_is_not_opened_through_a_last_link(place: Path) -> None:
    (place / "wide").mkdir()
    (place / "wide").chmod(0o777)
    (place / "link").symlink_to("wide")
    with pytest.raises(UntrustedPath, match="wide is not trusted"):
        open_directory(place / "link")


def test_the_root_directory_can_be_opened() -> None:
    os.close(open_directory(Path("/")))


@needs_root
@pytest.mark.parametrize(
    ("mode", "uid", "gid", "group"),
    [
        (FOLDER | 0o2770, 0, TEAM, TEAM),
        (FOLDER | 0o2775, 0, TEAM, None),
        (FOLDER | 0o3770, 0, TEAM, None),
        (FOLDER | 0o0770, 0, TEAM, None),
        (FOLDER | 0o2770, STRANGER, TEAM, None),
        (FOLDER | 0o2770, 0, 0, None),
        (FILE | 0o2770, 0, TEAM, None),
    ],
)
def test_a_team_shares_a_directory_of_root_with_exactly_one_mode(
    mode: int, uid: int, gid: int, group: int | None
) -> None:
    assert shared_group(found(mode, uid, gid)) == group


@needs_root
def test_a_shared_directory_is_opened_and_its_group_may_not_write_above_it(place: Path) -> None:
    (place / "team" / "state").mkdir(parents=True)
    for path in (place / "team" / "state", place / "team"):
        os.chown(path, 0, TEAM)
        path.chmod(0o2770)
    with pytest.raises(UntrustedPath, match="team is not trusted: its group may write"):
        open_directory(place / "team" / "state")
    (place / "team").chmod(0o2750)
    os.close(open_directory(place / "team" / "state"))


@pytest.mark.parametrize(
    ("groups", "own", "group"), [([TEAM], 4002, TEAM), ([], TEAM, TEAM), ([4200], 4002, None)]
)
def test_only_members_of_its_group_use_a_shared_directory(
    monkeypatch: pytest.MonkeyPatch, groups: list[int], own: int, group: int | None
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4002)
    monkeypatch.setattr(os, "getegid", lambda: own)
    monkeypatch.setattr(os, "getgroups", lambda: groups)
    assert shared_group(found(FOLDER | 0o2770, 0, TEAM)) == group
