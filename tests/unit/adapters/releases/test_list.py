"""What the scripts print, read without a host."""

import pytest

from rollout.adapters.releases.cleanup import parse_tidy
from rollout.adapters.releases.list import parse_look
from rollout.adapters.releases.process_cwd import parse_whereabouts
from rollout.model.errors import ReleaseError
from rollout.model.releases import HostReleases, ReleaseOnHost, ReleaseStatus

OLD, LIVE, NEW = "20261101000000", "20261102000000", "20261122230000"


def test_a_look_is_read_field_by_field() -> None:
    contents = (
        f"releases/{OLD}/REVISION\0  abc \n"
        f"releases/{LIVE}/REVISION\0{'d' * 300}\n"
        f".rollout/marks/{OLD}\0good\n"
        f".rollout/marks/{LIVE}\0splendid\n"
    )
    link = f"releases/{LIVE}\nand a line"
    text = f"{link}\0{LIVE}\0{NEW} {LIVE} {OLD} \0{NEW} \0{LIVE}\n12 \0{contents}"
    assert parse_look("web1", text) == HostReleases(
        host="web1",
        link=link,
        current=LIVE,
        releases=(
            ReleaseOnHost(OLD, "abc", ReleaseStatus.GOOD),
            ReleaseOnHost(LIVE, "d" * 100),
            ReleaseOnHost(NEW, unfinished=True),
        ),
        running=frozenset({LIVE}),
    )


def test_a_look_that_was_cut_off_is_an_error_and_no_empty_shelf() -> None:
    whole = f"link\0{LIVE}\0{LIVE} \0\0\0"
    assert parse_look("web1", whole).current == LIVE
    with pytest.raises(ReleaseError, match="web1: the answer about the releases was cut off"):
        parse_look("web1", whole[:-1])
    with pytest.raises(ReleaseError):
        parse_look("web1", "")


@pytest.mark.parametrize(
    ("place", "told"),
    [
        (f"/srv/shop/releases/{NEW}", NEW),
        (f"/srv/shop/releases/{NEW}/public/a b", NEW),
        (f"/srv/shop/releases/{NEW} (deleted)", f"/srv/shop/releases/{NEW} (deleted)"),
        (f"/srv/shop/releases/{NEW}/tmp (deleted)", f"/srv/shop/releases/{NEW}/tmp (deleted)"),
        (f"/srv/shop/releases/{NEW}.old", f"/srv/shop/releases/{NEW}.old"),
        (f"/srv/blog/releases/{NEW}", f"/srv/blog/releases/{NEW}"),
        (f"/srv/shop/.rollout/trash/{NEW}", f"/srv/shop/.rollout/trash/{NEW}"),
        ("/srv/shop/releases", "/srv/shop/releases"),
        ("/", "/"),
        ("/two\nlines", "/two\nlines"),
    ],
)
def test_a_process_is_told_by_its_release_only_if_it_works_inside(place: str, told: str) -> None:
    text = f"/srv/shop/releases\n\0{7}\0{place}\n\0{8}\0"
    assert parse_whereabouts(text) == {7: told}


def test_a_host_without_releases_still_tells_where_a_process_works() -> None:
    assert parse_whereabouts(f"\0{7}\0/{NEW}\n") == {7: f"/{NEW}"}
    assert parse_whereabouts("/srv/shop/releases\n") == {}


def test_what_was_tidied_is_told_in_sentences() -> None:
    text = (
        f"back {NEW} restored yes\nback {NEW} kept no\nback {NEW} restored unseen\n"
        f"live {NEW}\nbusy {NEW}\nleft .rollout/trash/a b\n"
    )
    dead = "left by a deploy that did not end"
    unseen = "directory kept and marked bad: the processes that run in it cannot be seen"
    assert parse_tidy(text) == (
        f"took back {NEW}, {dead}: current restored, directory removed",
        f"took back {NEW}, {dead}: nothing was made",
        f"took back {NEW}, {dead}: current restored, {unseen}",
        f"kept {NEW}, {dead}: it is live",
        f"kept {NEW}, {dead}: a process runs in it, although current does not lead to it",
        f"could not remove .rollout/trash/a b, {dead}",
    )
