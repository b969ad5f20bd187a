"""Nothing is pruned that is live, run in, or gone back to."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from rollout.model.errors import BuildFailed, ReleaseError
from rollout.model.releases import Release, ReleaseStatus
from tests.support.release_host import LIVE, NEW, OLD, Place, running_in

pytestmark = pytest.mark.integration


def test_what_nobody_needs_is_removed_and_named(place: Place) -> None:
    place.settle(OLD, ReleaseStatus.BAD)
    (place.release(OLD) / "locked").mkdir()
    (place.release(OLD) / "locked").chmod(0o500)
    (place.to / ".rollout/log").mkdir()
    (place.to / f".rollout/log/{OLD}.css.log").touch()
    assert place.prune(OLD, LIVE, NEW) == (OLD, NEW)
    assert {release.name for release in place.look().releases} == {LIVE}
    assert place.everything() == {"current", f"releases/{LIVE}", f"releases/{LIVE}/REVISION"} | {
        "releases"
    }
    assert place.prune() == ()


def write(file: Path, kilobytes: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(os.urandom(1024 * kilobytes))


def test_what_a_release_takes_and_frees_is_measured(place: Place) -> None:
    write(place.release(OLD) / "app" / "big", 400)
    write(place.release(NEW) / "app" / "big", 100)
    sizes = place.sizes(OLD, NEW)
    assert sizes is not None
    taken = {name: _disk_use(place.release(name)) for name in (OLD, NEW)}
    assert (sizes.taken, sizes.freed) == (taken, sum(taken.values()))
    assert place.sizes() is None


def test_a_file_that_another_release_has_too_frees_nothing(place: Place) -> None:
    """rsync --link-dest makes such releases; one that goes with all its names is freed."""
    write(place.release(LIVE) / "gems", 400)
    os.link(place.release(LIVE) / "gems", place.release(OLD) / "gems")
    write(place.release(OLD) / "own", 200)
    place.release(NEW).mkdir()
    os.link(place.release(OLD) / "own", place.release(NEW) / "own")
    both, one = place.sizes(OLD, NEW), place.sizes(OLD)
    assert both is not None
    assert one is not None
    assert one.taken[OLD] == both.taken[OLD] == _disk_use(place.release(OLD))
    assert 200 * 1024 <= both.freed < 300 * 1024
    assert one.freed < 100 * 1024


def test_what_takes_too_long_to_measure_is_not_known(place: Place) -> None:
    place.settings = {"size_timeout": 0.001}
    for number in range(3000):
        (place.release(OLD) / str(number)).touch()
    assert place.sizes(OLD) is None
    place.settings = {}
    assert place.sizes(OLD, "20261103000000") is None, "one is not there"


def _disk_use(directory: Path) -> int:
    said = subprocess.run(["du", "-sk", directory], capture_output=True, text=True, check=True)
    return 1024 * int(said.stdout.split()[0])


def test_a_release_in_which_a_process_works_stays(place: Place) -> None:
    (place.release(OLD) / "public").mkdir()
    with running_in(place.release(OLD) / "public"):
        assert place.prune(OLD) == ()
    assert place.prune(OLD) == (OLD,)


def test_a_release_whose_program_runs_elsewhere_stays(place: Place, tmp_path: Path) -> None:
    program = place.release(OLD) / "sleep"
    program.write_bytes(Path("/bin/sleep").read_bytes())
    program.chmod(0o755)
    process = subprocess.Popen([program, "60"], cwd=tmp_path)
    try:
        assert place.prune(OLD) == ()
        assert place.look().running == {OLD}
    finally:
        process.kill()
        process.wait()


def test_a_release_that_an_unfinished_deploy_would_go_back_to_stays(place: Place) -> None:
    place.begin()
    place.switch()
    assert place.prune(LIVE, NEW, OLD) == (OLD,)
    place.restore()
    assert place.look().current == LIVE


@pytest.mark.parametrize("text", ["releases/{}", "./releases/../releases/{}/"])
def test_a_release_noted_with_a_relative_link_stays(place: Place, text: str) -> None:
    place.current.unlink()
    place.current.symlink_to(text.format(LIVE))
    place.begin()
    place.switch()
    assert place.prune(LIVE) == ()


def test_what_is_not_a_release_of_ours_is_not_touched(place: Place, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    place.release("20261103000000").symlink_to(tmp_path / "precious")
    assert place.prune("20261103000000") == ()
    assert place.release("20261103000000").is_symlink()
    for name in ("../../precious", "-rf", "20261103", "", ".", "*", f"{OLD}\n", f"{OLD}/.."):
        with pytest.raises(ReleaseError, match="is not the name of a release"):
            place.prune(name)
    assert (tmp_path / "precious").is_dir()


def test_the_logs_of_the_ten_newest_failures_are_kept(place: Place) -> None:
    names = [f"202611220000{second:02}" for second in range(12)]
    for name in names:
        release = Release(name, "abc")
        place.begin(release)
        with pytest.raises(BuildFailed):
            place.build("echo no; exit 1", release=release)
        place.discard(release)
    (place.to / ".rollout/log" / f"{LIVE}.css.log").touch()
    place.prune()
    kept = {file.name.partition(".")[0] for file in (place.to / ".rollout/log").iterdir()}
    assert kept == {*names[2:], LIVE}


ENTERING = """#!/bin/sh
readlink "$@"
code=$?
if [ $# -gt 1 ] && [ ! -e {entered} ]; then
  cd {release} && sleep 60 >/dev/null 2>&1 &
  echo $! >{entered}
  until [ "$(readlink /proc/$!/cwd)" = {release} ]; do :; done
fi
exit $code
"""


def test_a_release_that_is_entered_after_the_look_is_moved_back(
    place: Place, tmp_path: Path
) -> None:
    """The look itself, which the operator may have done by a command of his own, lets one in."""
    look, entered = tmp_path / "readlink", tmp_path / "entered"
    look.write_text(ENTERING.format(entered=entered, release=place.release(OLD)))
    look.chmod(0o755)
    place.settings = {"readlink": str(look)}
    try:
        assert place.prune(OLD) == ()
        assert (place.release(OLD) / "REVISION").exists()
    finally:
        os.kill(int(entered.read_text()), signal.SIGKILL)


def test_the_live_release_stays_however_current_is_written(place: Place) -> None:
    for text in (f"releases/{LIVE}", str(place.release(LIVE)), f"./releases/{LIVE}/"):
        place.current.unlink()
        place.current.symlink_to(text)
        assert place.prune(LIVE) == ()
        assert (place.current / "REVISION").exists()
