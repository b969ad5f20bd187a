"""Whatever a path, a step or a revision is called, it is used to the letter or refused."""

from dataclasses import replace
from pathlib import Path

import pytest

from rollout.model.errors import BuildFailed, ReleaseError
from rollout.model.releases import Release, ReleaseStatus
from tests.support.release_host import LIVE, NEW, OLD, RELEASE, Place, running_in, text_of

pytestmark = pytest.mark.integration

HOSTILE = (
    " with space ",
    "quo'te",
    'dou"ble',
    "$(touch hacked)",
    "`touch hacked`",
    "; touch hacked & touch hacked",
    "-rf",
    "--help",
    "a*b?[c] {a,b}",
    "back\\slash",
    "löwe \N{SNOWMAN}",
    "# %s%n $HOME = ~",
    "~",
)


@pytest.fixture(params=HOSTILE)
def hostile(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_deploy_into_a_hostile_path_is_a_deploy_like_any_other(
    bare: Place, tmp_path: Path, hostile: str
) -> None:
    files = (f"config/{hostile}.yml",)
    place = Place(tmp_path / hostile / f"{hostile}x", bare.ssh)
    place.settings = {"shared": (hostile, f"tmp/{hostile}"), "shared_files": files}
    place.lay_out(OLD, LIVE, live=LIVE)
    assert [f.what for f in place.examine()] == [f"shared/{files[0]} is missing"]
    (place.to / "shared/config").mkdir(parents=True)
    (place.to / "shared" / files[0]).touch()
    assert place.examine() == ()
    place.begin(replace(RELEASE, revision=hostile))
    place.link_shared()
    for path in (hostile, f"tmp/{hostile}", *files):
        assert text_of(place.release(NEW) / path) == f"{place.to}/shared/{path}"
    (place.release(NEW) / "REVISION").write_text(hostile)
    assert place.revision() == hostile.strip()
    place.build(
        f'test "$A" = "$(cat REVISION)" && test "$(pwd -P)" = "{"$ROLLOUT_TO"}/releases/$B"',
        environ={"A": hostile, "B": NEW},
    )
    with pytest.raises(BuildFailed) as caught:
        place.build("echo bye; exit 1", name=f"{hostile}/../{hostile}")
    assert caught.value.tail == ("bye",)
    assert Path(caught.value.log).parent == place.to / ".rollout/log"
    assert Path(caught.value.log).read_text() == "bye\n"
    place.switch()
    assert text_of(place.current) == str(place.release(NEW))
    with running_in(place.release(NEW)) as pid:
        assert place.whereabouts(pid) == {pid: NEW}
        assert place.look().running == {NEW}
    place.restore()
    place.discard()
    place.begin()
    place.switch()
    with running_in(place.release(LIVE)):
        assert place.tidy()[0].endswith("current restored, directory removed")
    place.settle(LIVE, ReleaseStatus.GOOD)
    assert place.prune(OLD, LIVE) == (OLD,)
    assert [release.name for release in place.look().releases] == [LIVE]
    assert text_of(place.current) == str(place.release(LIVE))
    assert not list(tmp_path.rglob("hacked"))


@pytest.mark.parametrize(
    "name",
    [
        *HOSTILE,
        *("../../etc", "2026112223000", "202611222300001", f"{NEW} {OLD}", f"{NEW}\n", ""),
        *("\uff12" * 14, f"{NEW}/", f"./{NEW}"),
    ],
)
def test_a_release_of_another_name_than_ours_is_refused(place: Place, name: str) -> None:
    before = place.everything()
    release = Release(name, "abc")
    for act in (place.begin, place.switch, place.restore, place.discard, place.revision):
        with pytest.raises(ReleaseError, match="is not the name of a release"):
            act(release)
    with pytest.raises(ReleaseError, match="is not the name of a release"):
        place.settle(name, ReleaseStatus.GOOD)
    assert place.everything() == before


def test_a_revision_cannot_write_a_line_of_its_own_into_the_note(place: Place) -> None:
    place.begin(Release(OLD, "abc\nfresh yes"), fresh=False)
    place.discard(Release(OLD, "abc"))
    assert place.release(OLD).is_dir()


def test_the_text_of_current_cannot_write_a_line_of_its_own_into_the_note(place: Place) -> None:
    place.current.unlink()
    place.current.symlink_to("x\nfresh yes\nlink no")
    place.begin(Release(OLD, "abc"), fresh=False)
    place.discard(Release(OLD, "abc"))
    assert place.release(OLD).is_dir()
