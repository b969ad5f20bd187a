"""What another tool deployed and shared is not lost when its site is taken over."""

import subprocess

import pytest

from rollout.model.releases import ReleaseStatus
from tests.contracts.release_terms import releases_keep_their_word
from tests.support.release_host import LIVE, NEW, Place

pytestmark = pytest.mark.integration


def capistrano_2(place: Place) -> None:
    """Let the live release share as Capistrano 2 lets it: without ``public/`` and ``tmp/``."""
    live = place.release(LIVE)
    for inside, shared in {"public/system": "system", "tmp/pids": "pids", "log": "log"}.items():
        (place.to / "shared" / shared).mkdir(parents=True)
        (live / inside).parent.mkdir(exist_ok=True)
        (live / inside).symlink_to(place.to / "shared" / shared)
    (place.to / "shared" / "system" / "logo.png").write_text("logo")


def test_uploads_that_capistrano_2_kept_elsewhere_are_found_and_the_cure_cures(
    place: Place,
) -> None:
    capistrano_2(place)
    place.settings = {"shared": ("log", "tmp/pids", "public/system")}

    found = place.examine()

    assert [f.what.partition(" of ")[0] for f in found] == ["public/system", "tmp/pids"]
    for finding in found:
        subprocess.run(["sh", "-c", finding.fix], check=True)
    assert place.examine() == ()
    place.begin()
    place.link_shared()
    assert (place.release(NEW) / "public/system/logo.png").read_text() == "logo"
    assert (place.release(LIVE) / "public/system/logo.png").read_text() == "logo"


def test_what_is_shared_and_stands_in_no_setting_is_found_once(place: Place) -> None:
    capistrano_2(place)
    place.settings = {"shared": ("log",)}
    assert {f.fix for f in place.examine()} == {
        'add "public/system" to deploy.shared',
        'add "tmp/pids" to deploy.shared',
    }
    place.wait(place.on_disk.settle("web1", LIVE, ReleaseStatus.GOOD))
    assert place.examine() == (), "of a release of our own the settings have decided"


def test_real_disks_keep_the_terms_that_the_fake_keeps(place: Place) -> None:
    def fill(name: str, revision: str) -> None:
        (place.release(name) / "REVISION").write_text(f"{revision}\n")

    place.wait(releases_keep_their_word(place.on_disk, "web1", LIVE, fill))
    assert place.look().find(LIVE) is not None
