"""A release on a real disk, from its first note to its mark."""

import os
import signal
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from rollout.adapters.ssh import ConnectionLost, Ssh, SshOptions
from rollout.model.errors import BuildFailed, ReleaseError
from rollout.model.releases import HostReleases, Release, ReleaseOnHost, ReleaseStatus
from tests.support.release_host import (
    LIVE,
    NEW,
    OLD,
    RELEASE,
    Place,
    alive,
    running_in,
    text_of,
    wait_for,
)
from tests.support.sshd import Sshd

pytestmark = pytest.mark.integration


def test_a_host_without_releases_has_an_empty_shelf(bare: Place) -> None:
    assert bare.look() == HostReleases("web1")


def test_what_capistrano_left_is_read_as_it_stands(place: Place) -> None:
    (place.to / "repo" / "objects").mkdir(parents=True)
    (place.release("20261103")).mkdir()
    (place.release("20261103000000")).symlink_to(place.release(OLD))
    (place.release("20261104000000")).mkdir()
    with running_in(place.release(OLD)):
        host_releases = place.look()
    assert host_releases.link == str(place.release(LIVE))
    assert host_releases.current == LIVE
    assert host_releases.running == {OLD}
    assert host_releases.releases == (
        ReleaseOnHost(OLD, f"revision of {OLD}"),
        ReleaseOnHost(LIVE, f"revision of {LIVE}"),
        ReleaseOnHost("20261104000000"),
    )


def test_a_deploy_path_that_leads_over_symlinks_is_understood(place: Place, tmp_path: Path) -> None:
    (tmp_path / "short").symlink_to(place.to.parent)
    place.current.unlink()
    place.current.symlink_to(f"releases/{LIVE}")
    other = Place(tmp_path / "short" / "shop", place.ssh)
    with running_in(place.release(OLD)) as pid:
        host_releases = other.look()
        assert (host_releases.link, host_releases.current) == (f"releases/{LIVE}", LIVE)
        assert host_releases.running == {OLD}
        assert other.whereabouts(pid) == {pid: OLD}
    other.begin()
    other.switch()
    assert other.look().current == NEW
    other.restore()
    assert text_of(place.current) == f"releases/{LIVE}"


def test_a_revision_of_a_hundred_megabytes_is_cut_and_a_pipe_is_not_waited_for(
    place: Place,
) -> None:
    with (place.release(OLD) / "REVISION").open("wb") as file:
        file.write(b"a" * 300)
        file.truncate(100_000_000)
    (place.release(LIVE) / "REVISION").unlink()
    os.mkfifo(place.release(LIVE) / "REVISION")
    old, live = place.look().releases
    assert old.revision == "a" * 100
    assert live.revision == ""


def test_a_whole_deploy_leads_from_one_release_to_the_next(place: Place) -> None:
    place.settings = {"shared": ("log", "tmp/pids"), "shared_files": ("config/database.yml",)}
    (place.to / "shared/config").mkdir(parents=True)
    (place.to / "shared/config/database.yml").touch()
    place.begin()
    assert place.notes == {NEW, f"{NEW}.current"}
    assert place.look().releases[-1] == ReleaseOnHost(NEW, unfinished=True)
    (place.release(NEW) / "log").mkdir()
    (place.release(NEW) / "log" / ".gitkeep").touch()
    (place.release(NEW) / "REVISION").write_text(f"{RELEASE.revision}\n")
    for _ in range(2):
        place.link_shared()
    for path in ("log", "tmp/pids", "config/database.yml"):
        assert text_of(place.release(NEW) / path) == f"{place.to}/shared/{path}"
    place.build(
        'echo "$ROLLOUT_RELEASE $ROLLOUT_REVISION $COLOUR" >built', environ={"COLOUR": "a b"}
    )
    assert (place.release(NEW) / "built").read_text() == f"{NEW} {RELEASE.revision} a b\n"
    assert place.revision() == RELEASE.revision
    for _ in range(2):
        place.switch()
    assert text_of(place.current) == str(place.release(NEW))
    place.settle(NEW, ReleaseStatus.GOOD)
    assert place.notes == set()
    host_releases = place.look()
    assert host_releases.current == NEW
    assert host_releases.releases[-1] == ReleaseOnHost(NEW, RELEASE.revision, ReleaseStatus.GOOD)
    place.settle(NEW, ReleaseStatus.BAD)
    assert place.look().releases[-1].mark is ReleaseStatus.BAD
    place.settle(NEW, ReleaseStatus.NONE)
    assert place.look().releases[-1].mark is ReleaseStatus.NONE


def test_a_deploy_taken_back_leaves_nothing_but_its_log(place: Place) -> None:
    before = place.everything()
    place.begin()
    place.build("echo compiled")
    place.switch()
    with pytest.raises(ReleaseError, match=f"release {NEW} is current and is not removed"):
        place.discard()
    for _ in range(2):
        place.restore()
    for _ in range(2):
        place.discard()
    assert place.everything() == before | {f".rollout/log/{NEW}.stylesheets.log"}
    assert text_of(place.current) == str(place.release(LIVE))
    assert (place.to / f".rollout/log/{NEW}.stylesheets.log").read_text() == "compiled\n"


def test_on_the_first_deploy_of_all_taking_back_removes_current(bare: Place) -> None:
    bare.begin()
    bare.switch()
    assert text_of(bare.current) == str(bare.release(NEW))
    bare.restore()
    assert not bare.current.is_symlink()
    bare.discard()
    assert bare.everything() == {"releases"}


@pytest.mark.parametrize(
    "text",
    [
        f"releases/{LIVE}",
        f"./releases/../releases/{LIVE}/",
        "gone $(touch hacked) `touch hacked` 'quoted\" \\ *",
        "-n",
        "two\nlines",
        "löwe \N{SNOWMAN}",
    ],
)
def test_current_comes_back_with_the_text_that_it_had(place: Place, text: str) -> None:
    place.current.unlink()
    place.current.symlink_to(text)
    assert place.look().link == text
    place.begin()
    place.switch()
    place.restore()
    assert text_of(place.current) == text
    place.discard()
    assert text_of(place.current) == text
    assert not list(place.to.rglob("hacked"))


def test_a_second_beginning_keeps_what_was_noted_first(place: Place) -> None:
    place.begin()
    place.switch()
    place.begin()
    place.restore()
    assert place.look().current == LIVE


def test_a_release_that_is_there_already_is_not_taken_for_ours(place: Place) -> None:
    old = Release(OLD, "abc")
    with pytest.raises(ReleaseError, match=f"release {OLD} is there already"):
        place.begin(old)
    place.discard(old)
    assert place.release(OLD).is_dir()


def test_a_rollback_on_request_is_taken_back_without_losing_the_release(place: Place) -> None:
    old = Release(OLD, "abc")
    with pytest.raises(ReleaseError, match=f"release {NEW} is not there"):
        place.begin(fresh=False)
    place.begin(old, fresh=False)
    place.switch(old)
    assert place.look().current == OLD
    place.restore(old)
    place.discard(old)
    assert place.look().current == LIVE
    assert place.release(OLD).is_dir()
    assert place.notes == set()


def test_a_command_that_comes_late_finds_its_deploy_taken_back(place: Place) -> None:
    place.begin()
    place.discard()
    for late in (place.switch, place.link_shared, lambda: place.build("touch late")):
        with pytest.raises(ReleaseError, match=f"release {NEW} was undone meanwhile"):
            late()
    assert place.look().current == LIVE


def test_current_is_not_restored_blindly_where_no_note_says_what_it_was(place: Place) -> None:
    place.restore()
    with pytest.raises(ReleaseError, match=f"current leads to {LIVE}, and no note says"):
        place.restore(Release(LIVE, "abc"))


@pytest.mark.parametrize("made", ["mkdir", "touch"])
def test_a_current_that_is_no_symlink_is_never_replaced(place: Place, made: str) -> None:
    place.begin()
    place.current.unlink()
    (place.current.mkdir if made == "mkdir" else place.current.touch)()
    with pytest.raises(ReleaseError, match="current is not a symlink"):
        place.switch()
    with pytest.raises(ReleaseError, match="current is not a symlink"):
        place.restore()
    assert place.current.exists()
    assert not place.current.is_symlink()
    with pytest.raises(ReleaseError, match="current is not a symlink"):
        place.begin(replace(RELEASE, name="20261122230001"))
    assert not place.release("20261122230001").exists()


def test_missing_shared_files_are_named_before_anything_is_linked(place: Place) -> None:
    place.settings = {"shared": ("log",), "shared_files": ("config/a.yml", "config/b $.yml")}
    place.begin()
    with pytest.raises(ReleaseError) as caught:
        place.link_shared()
    assert caught.value.what == "missing: shared/config/a.yml, shared/config/b $.yml"
    assert str(place.to) in caught.value.fix
    assert not (place.release(NEW) / "log").is_symlink()


def test_a_link_is_never_made_outside_the_release(place: Place, tmp_path: Path) -> None:
    place.settings = {"shared": ("config/keys",)}
    place.begin()
    (tmp_path / "elsewhere" / "keys").mkdir(parents=True)
    (place.release(NEW) / "config").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ReleaseError, match="config is a symlink in the release and leads out"):
        place.link_shared()
    assert (tmp_path / "elsewhere" / "keys").is_dir()
    (place.release(NEW) / "config").unlink()
    (place.release(NEW) / "settings").mkdir()
    (place.release(NEW) / "config").symlink_to("settings")
    place.link_shared()
    assert (place.release(NEW) / "settings" / "keys").is_symlink()


def test_what_the_release_has_in_the_place_of_a_link_is_removed_and_nothing_behind_it(
    place: Place, tmp_path: Path
) -> None:
    place.settings = {"shared": ("log", "tmp")}
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").touch()
    place.begin()
    (place.release(NEW) / "log").symlink_to(tmp_path / "precious")
    (place.release(NEW) / "tmp").write_text("a file")
    place.link_shared()
    assert (tmp_path / "precious" / "file").exists()
    assert (place.release(NEW) / "tmp").is_symlink()


def test_a_failed_build_step_shows_its_last_lines_and_keeps_them_all(place: Place) -> None:
    place.begin()
    with pytest.raises(BuildFailed) as caught:
        place.build("seq 100; echo oh dear >&2; exit 3")
    assert str(caught.value) == "web1: stylesheets: exit 3"
    assert caught.value.tail == (*(str(n) for n in range(82, 101)), "oh dear")
    assert caught.value.log == f"{place.to}/.rollout/log/{NEW}.stylesheets.log"
    assert Path(caught.value.log).read_text().startswith("1\n2\n")


def test_a_line_without_end_is_cut(place: Place) -> None:
    place.begin()
    with pytest.raises(BuildFailed) as caught:
        place.build("head -c 100000000 /dev/zero | tr '\\0' x; echo end; exit 1")
    assert sum(map(len, caught.value.tail)) < 1000
    assert caught.value.tail[-1].endswith("xend")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("exit 124", "exit 124"),
        ("exit 75", "exit 75"),
        ("kill -9 $$", "killed by signal 9"),
        ("no-such-command", "exit 127"),
        ("cat; test $? = 0 && exit 5", "exit 5"),
    ],
)
def test_the_end_of_a_build_step_is_told_as_it_was(place: Place, command: str, said: str) -> None:
    place.begin()
    with pytest.raises(BuildFailed, match=f"stylesheets: {said}$"):
        place.build(command)


def test_a_build_step_that_hangs_is_ended_with_all_that_it_started(place: Place) -> None:
    place.begin()
    with pytest.raises(BuildFailed, match=r"no end after 500ms \(timeout of the step\)"):
        place.build(
            "echo before; setsid sh -c 'trap \"\" TERM; echo $$ >hidden; sleep 60' & sleep 60",
            timeout=0.5,
        )
    pid = int((place.release(NEW) / "hidden").read_text())
    assert not alive(pid)


def test_a_daemon_that_a_good_build_step_leaves_is_not_waited_for(place: Place) -> None:
    place.begin()
    place.build("sleep 60 & echo $! >daemon")
    pid = int((place.release(NEW) / "daemon").read_text())
    assert alive(pid)
    place.discard()
    assert not alive(pid)


def test_the_locale_of_a_build_step_is_that_of_the_login(place: Place) -> None:
    place.begin()
    place.build('test -z "$LC_ALL"')


def test_a_path_set_for_a_step_is_not_for_our_own_commands(place: Place) -> None:
    place.begin()
    place.build('test "$PATH" = /nowhere', environ={"PATH": "/nowhere"})
    with pytest.raises(ReleaseError, match="'-i' is no name for an environment variable"):
        place.build("true", environ={"-i": "x"})


@contextmanager
def separate(sshd: Sshd) -> Iterator[Ssh]:
    with Ssh(SshOptions(config=sshd.config, connect_timeout=5.0)) as door:
        yield door


def test_a_build_whose_connection_is_lost_is_ended_when_the_deploy_is_taken_back(
    place: Place, releases_sshd: Sshd
) -> None:
    place.begin()
    mine = set(releases_sshd.sessions())
    with separate(releases_sshd) as ssh:
        other = Place(place.to, ssh)
        other.look()
        theirs = set(releases_sshd.sessions()) - mine

        step = "echo $$ >>pids; setsid sh -c 'echo $$ >>pids; sleep 61' & sleep 62"
        pids = place.release(NEW) / "pids"

        def cut_when_it_runs() -> None:
            wait_for(lambda: pids.exists() and len(pids.read_text().split()) == 2)
            for pid in theirs:
                os.kill(pid, signal.SIGKILL)

        cutter = threading.Thread(target=cut_when_it_runs)
        cutter.start()
        with pytest.raises(ConnectionLost):
            other.build(step)
        cutter.join()
    found = [int(pid) for pid in pids.read_text().split()]
    assert all(map(alive, found))
    place.discard()
    assert not any(map(alive, found))
    assert not place.release(NEW).exists()


def test_two_apps_begun_in_the_same_second_do_not_end_each_other(
    place: Place, tmp_path: Path
) -> None:
    other = Place(tmp_path / "srv" / "blog", place.ssh)
    place.begin()
    other.begin()
    other.build("sleep 60 & echo $! >daemon")
    pid = int((other.release(NEW) / "daemon").read_text())
    place.discard()
    assert alive(pid)
    other.discard()
    assert not alive(pid)


def test_before_current_is_restored_whatever_could_still_move_it_is_ended(place: Place) -> None:
    place.begin()
    place.build("sleep 60 & echo $! >late")
    pid = int((place.release(NEW) / "late").read_text())
    place.restore()
    assert not alive(pid)


def test_who_only_knows_the_name_of_a_release_does_not_work_on_it(place: Place) -> None:
    place.begin()
    place.build("env -u ROLLOUT_TO sleep 60 & echo $! >daemon")
    pid = int((place.release(NEW) / "daemon").read_text())
    place.discard()
    assert alive(pid)
    os.kill(pid, signal.SIGKILL)


def test_where_a_process_works_is_told_by_release_or_by_directory(
    place: Place, tmp_path: Path
) -> None:
    (place.release(OLD) / "public").mkdir()
    gone = place.release("20261109000000")
    gone.mkdir()
    with (
        running_in(place.release(OLD) / "public") as inside,
        running_in(tmp_path) as outside,
        running_in(gone) as deleted,
    ):
        gone.rmdir()
        assert place.whereabouts(inside, 4_190_000, outside, deleted) == {
            inside: OLD,
            outside: str(tmp_path),
            deleted: f"{gone} (deleted)",
        }
        assert place.whereabouts() == {}


def test_a_way_of_reading_links_that_does_not_work_is_an_error(place: Place) -> None:
    place.settings = {"readlink": "false -n readlink"}
    with pytest.raises(ReleaseError, match="cannot see where a process works: false -n readlink"):
        place.whereabouts(os.getpid())
    with pytest.raises(ReleaseError, match="cannot see which processes run in a release"):
        place.prune(OLD)
    assert place.release(OLD).is_dir()


def test_the_revision_is_read_back(place: Place) -> None:
    assert place.revision(Release(OLD, "")) == f"revision of {OLD}"
    (place.release(OLD) / "REVISION").unlink()
    with pytest.raises(ReleaseError, match=f"release {OLD} has no REVISION"):
        place.revision(Release(OLD, ""))


def test_the_environment_of_a_step_stands_in_no_list_of_processes(place: Place) -> None:
    place.begin()
    place.build('ps -ef >list; echo "$KEY" >key', environ={"KEY": "s3cr3t 'and' $(more)"})
    assert (place.release(NEW) / "key").read_text() == "s3cr3t 'and' $(more)\n"
    assert "s3cr3t" not in (place.release(NEW) / "list").read_text()


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_the_log_of_a_step_is_for_the_login_alone_and_a_release_for_all(place: Place) -> None:
    place.begin()
    log = place.to / ".rollout/log" / f"{NEW}.stylesheets.log"
    log.write_text("of a step before")
    log.chmod(0o644)
    place.build('echo "$KEY"; : >built; umask >umask', environ={"KEY": "s3cr3t"})
    assert log.read_text() == "s3cr3t\n"
    assert mode_of(log) == 0o600
    left = int((place.release(NEW) / "umask").read_text(), 8)
    assert mode_of(place.release(NEW) / "built") == 0o666 & ~left
    assert mode_of(place.release(NEW)) == 0o777 & ~left
    assert mode_of(place.to / "releases") == 0o777 & ~left


@pytest.mark.parametrize("before", [True, False])
def test_what_is_our_own_on_a_host_is_closed_to_others(bare: Place, *, before: bool) -> None:
    if before:  # as an earlier version left it
        (bare.to / ".rollout").mkdir(parents=True)
        (bare.to / ".rollout").chmod(0o755)
    bare.begin()
    assert mode_of(bare.to / ".rollout") & 0o007 == 0
    assert mode_of(bare.to) & 0o005 == 0o005
