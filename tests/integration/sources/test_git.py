"""Every host fetches for itself: the real git, on a real sshd, and what goes wrong there."""

import asyncio
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from rollout.adapters.releases.layout import NOTES
from rollout.adapters.sources.commits_between import NOT_THERE
from rollout.adapters.sources.git import GitOptions, GitSource
from rollout.adapters.ssh.scripts import Remote
from rollout.model.errors import ReleaseError, RolloutError, SourceError
from rollout.model.planned_run import Commits
from tests.integration.sources.conftest import NAME, Place, Repo
from tests.support.sshd import running_sshd

pytestmark = pytest.mark.integration


def source(
    remote: Remote, place: Place, repo: Repo | str, ref: str = "main", timeout: float = 20.0
) -> GitSource:
    address = repo if isinstance(repo, str) else str(repo.path)
    return GitSource(remote, GitOptions(to=str(place.to), repo=address, ref=ref, timeout=timeout))


def resolve(source: GitSource) -> str:
    return asyncio.run(source.resolve(["web1", "web2"]))


def deploy(source: GitSource, place: Place, name: str = NAME) -> str:
    revision = resolve(source)
    asyncio.run(source.deliver("web1", place.begin(revision, name), ""))
    return revision


def refused(source: GitSource) -> RolloutError:
    with pytest.raises(RolloutError) as raised:
        resolve(source)
    return raised.value


def test_a_branch_arrives_as_exactly_its_commit(remote: Remote, place: Place, repo: Repo) -> None:
    commit = repo.commit(app="two", REVISION="a lie")
    assert deploy(source(remote, place, repo), place) == commit
    assert (place.release() / "app").read_text() == "two"
    assert place.revision() == commit
    assert sorted(file.name for file in place.release().iterdir()) == ["REVISION", "app"]


def test_what_is_pushed_between_resolve_and_deliver_does_not_come(
    remote: Remote, place: Place, repo: Repo
) -> None:
    git = source(remote, place, repo)
    first = resolve(git)
    repo.commit(app="later")
    asyncio.run(git.deliver("web1", place.begin(first), ""))
    assert (place.release() / "app").read_text() == "one"


def test_a_tag_a_full_ref_and_a_short_commit_mean_what_git_means(
    remote: Remote, place: Place, repo: Repo
) -> None:
    first = repo.git("rev-parse", "HEAD")
    repo.git("tag", "--annotate", "--message", "x", "v1")
    repo.commit(app="two")
    for ref in ("v1", "refs/tags/v1", first, first[:7], first.upper()):
        assert resolve(source(remote, place, repo, ref)) == first


def test_a_branch_and_a_tag_of_one_name_are_refused_until_it_is_said_which(
    remote: Remote, place: Place, repo: Repo
) -> None:
    repo.git("tag", "main")
    same = repo.git("rev-parse", "HEAD")
    assert resolve(source(remote, place, repo)) == same
    newer = repo.commit(app="two")
    error = refused(source(remote, place, repo))
    assert isinstance(error, SourceError)
    assert "a branch and a tag" in error.what
    assert "refs/heads/main" in error.fix
    assert resolve(source(remote, place, repo, "refs/heads/main")) == newer


def test_an_unknown_branch_is_named_with_those_most_like_it(
    remote: Remote, place: Place, repo: Repo
) -> None:
    repo.git("branch", "feature/login")
    assert "(did you mean 'main'?)" in str(refused(source(remote, place, repo, "mian")))
    assert "'feature/login'" in str(refused(source(remote, place, repo, "feature/logn")))
    assert "no commit, branch or tag dead123" in str(
        refused(source(remote, place, repo, "dead123"))
    )


def test_a_repository_that_cannot_be_reached_is_named_with_gits_own_words(
    remote: Remote, place: Place, tmp_path: Path
) -> None:
    error = refused(source(remote, place, str(tmp_path / "nowhere")))
    assert isinstance(error, SourceError)
    assert str(error).startswith(f"web1: cannot fetch {tmp_path}/nowhere: ")
    assert "does not appear to be a git repository" in error.what


def test_a_host_without_a_key_for_the_repository_is_told_that_no_agent_is_forwarded(
    remote: Remote, place: Place
) -> None:
    with running_sshd() as sshd:
        (sshd.place / "authorized").write_text("")
        mirror = str(place.to / "repo")
        ssh = f"ssh -oBatchMode=yes -F {sshd.config}"
        subprocess.run(["git", "init", "-q", "--bare", mirror], check=True)
        subprocess.run(["git", "-C", mirror, "config", "core.sshCommand", ssh], check=True)
        error = refused(source(remote, place, "web1:shop.git"))
    assert isinstance(error, SourceError)
    assert "Permission denied (publickey)" in error.what
    assert error.fix == (
        'rollout forwards no ssh agent: set deploy.strategy = "push", or give the login on web1 '
        "a deploy key; then on web1: git ls-remote web1:shop.git"
    )


def test_a_password_in_the_address_is_not_repeated(remote: Remote, place: Place) -> None:
    error = refused(source(remote, place, "http://me:hunter2@127.0.0.1:9/shop.git"))
    assert "127.0.0.1:9/shop.git" in str(error)
    assert "hunter2" not in str(error) + getattr(error, "fix", "")


def test_a_server_that_says_nothing_is_given_up_in_time(
    remote: Remote, place: Place, repo: Repo, tmp_path: Path
) -> None:
    silent = tmp_path / "silent"
    silent.write_text("#!/bin/sh\nexec sleep 60\n")
    silent.chmod(0o755)
    resolve(source(remote, place, repo))
    mirror = str(place.to / "repo")
    subprocess.run(["git", "--git-dir", mirror, "config", "core.sshCommand", silent], check=True)
    began = time.monotonic()
    error = refused(source(remote, place, "ssh://nobody/shop", timeout=1))
    assert "no end of fetching" in str(error)
    assert time.monotonic() - began < 8


def test_a_mirror_of_capistranos_is_taken_over_whatever_its_remote_says(
    remote: Remote, place: Place, repo: Repo
) -> None:
    place.to.mkdir()
    mirror = place.to / "repo"
    subprocess.run(["git", "clone", "-q", "--mirror", repo.path, mirror], check=True)
    repo.git("branch", "gone")
    subprocess.run(["git", "--git-dir", mirror, "remote", "update", "--prune"], check=True)
    subprocess.run(
        ["git", "--git-dir", mirror, "remote", "set-url", "origin", "/no/more"], check=True
    )
    repo.git("branch", "--delete", "gone")
    repo.git("branch", "gone/deeper")
    inode = (mirror / "config").stat().st_ino
    commit = repo.commit(app="two")
    assert deploy(source(remote, place, repo), place) == commit
    assert (mirror / "config").stat().st_ino == inode
    assert not (mirror / "refs/heads/gone").is_file()


def test_a_git_that_was_killed_leaves_nothing_that_stops_the_next(
    remote: Remote, place: Place, repo: Repo
) -> None:
    git = source(remote, place, repo)
    resolve(git)
    commit = repo.commit(app="two")
    mirror = place.to / "repo"
    for lock in ("packed-refs.lock", "refs/heads/main.lock", "config.lock", "HEAD.lock"):
        (mirror / lock).write_text("")
    assert resolve(git) == commit
    for half in ("HEAD", "objects", "refs"):
        shutil.rmtree(mirror)
        mirror.mkdir()
        (mirror / half).mkdir() if half != "HEAD" else None
        assert resolve(git) == commit


def test_a_corrupted_mirror_is_an_error_with_its_cure(
    remote: Remote, place: Place, repo: Repo
) -> None:
    git = source(remote, place, repo)
    revision = resolve(git)
    release = place.begin(revision)
    blob = repo.git("rev-parse", "HEAD:app")
    for file in (place.to / "repo/objects").rglob("*"):
        if file.is_file() and (file.name == blob[2:] or file.suffix == ".pack"):
            file.chmod(0o644)
            file.write_bytes(file.read_bytes()[:10])
    with pytest.raises(ReleaseError) as raised:
        asyncio.run(git.deliver("web1", release, ""))
    assert "git cannot export" in raised.value.what
    assert f"rm -rf {place.to}/repo" in raised.value.fix
    assert place.revision() == ""


def test_a_release_that_cannot_be_unpacked_has_no_revision(
    remote: Remote, place: Place, repo: Repo
) -> None:
    git = source(remote, place, repo)
    release = place.begin(resolve(git))
    (place.release() / "app").mkdir()
    (place.release() / "app" / "in the way").write_text("")
    with pytest.raises(ReleaseError, match="cannot be unpacked: tar: app: ") as raised:
        asyncio.run(git.deliver("web1", release, ""))
    assert "Exiting" not in raised.value.what
    assert place.revision() == ""


def test_a_command_that_comes_after_the_deploy_was_taken_back_does_nothing(
    remote: Remote, place: Place, repo: Repo
) -> None:
    git = source(remote, place, repo)
    release = place.begin(resolve(git))
    (place.to / NOTES / NAME).unlink()
    with pytest.raises(ReleaseError, match="was undone meanwhile"):
        asyncio.run(git.deliver("web1", release, ""))
    assert list(place.release().iterdir()) == []


def test_two_hosts_with_one_disk_do_not_fetch_into_each_other(
    remote: Remote, place: Place, repo: Repo
) -> None:
    async def both() -> list[str]:
        git = source(remote, place, repo)
        found = await asyncio.gather(*(git.resolve(["web1"]) for _ in range(4)))
        return list(found)

    assert set(asyncio.run(both())) == {repo.git("rev-parse", "HEAD")}


def test_a_host_with_git_is_fit(remote: Remote, place: Place, repo: Repo) -> None:
    assert asyncio.run(source(remote, place, repo).examine("web1")) == ()


def test_a_repository_of_another_owner_is_told_by_its_reason(
    remote: Remote, place: Place, repo: Repo
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a directory away")
    for file in (repo.path, *repo.path.rglob("*")):
        os.chown(file, 4001, 4001)
    error = refused(source(remote, place, repo))
    assert "detected dubious ownership" in str(error)
    assert isinstance(error, SourceError)
    assert error.fix == f"on web1: git config --global --add safe.directory {repo.path}"


def preview(git: GitSource, live: str) -> tuple[str, Commits]:
    return asyncio.run(git.preview(["web1", "web2"], live))


def commits_of(found: Commits) -> list[tuple[str, str, str]]:
    return [(one.revision, one.author, one.subject) for one in found.listed]


def files_below(directory: Path) -> dict[Path, tuple[bytes, int]]:
    files = (path for path in directory.rglob("*") if path.is_file())
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_a_preview_names_the_commits_and_leaves_the_mirror_as_it_is(
    remote: Remote, place: Place, repo: Repo
) -> None:
    git = source(remote, place, repo)
    first = deploy(git, place)
    second = repo.commit(app="two")
    third = repo.commit(app="three")
    before = files_below(place.to)
    assert before

    revision, found = preview(git, first)

    assert revision == third
    assert (found.count, found.gone, found.unknown) == (2, 0, "")
    assert [one[0] for one in commits_of(found)] == [third, second]
    assert all(author and subject for _, author, subject in commits_of(found))
    assert files_below(place.to) == before
    assert resolve(git) == third


def test_a_preview_without_a_mirror_makes_none(remote: Remote, place: Place, repo: Repo) -> None:
    commit = repo.git("rev-parse", "HEAD")

    revision, found = preview(source(remote, place, repo), "")

    assert (revision, bool(found.unknown)) == (commit, True)
    assert not (place.to / "repo").exists()


def test_a_preview_refuses_what_resolving_refuses(remote: Remote, place: Place, repo: Repo) -> None:
    git = source(remote, place, repo, "no-such-branch")
    with pytest.raises(RolloutError) as raised:
        preview(git, "")
    assert str(raised.value) == str(refused(git))


def test_a_live_revision_that_is_in_no_branch_any_more_is_said(
    remote: Remote, place: Place, repo: Repo
) -> None:
    _, found = preview(source(remote, place, repo), "0" * 40)
    assert found == Commits(unknown=NOT_THERE)


def test_a_way_back_counts_what_would_be_gone(remote: Remote, place: Place, repo: Repo) -> None:
    first = repo.git("rev-parse", "HEAD")
    second = repo.commit(app="two")
    git = source(remote, place, repo)
    resolve(git)

    back = asyncio.run(git.commits("web1", second, first))
    nothing = asyncio.run(git.commits("web1", second, "$(touch /tmp/x)"))

    assert (back.count, back.gone) == (0, 1)
    assert nothing.unknown


def test_nothing_is_left_of_a_preview(remote: Remote, place: Place, repo: Repo) -> None:
    def made() -> set[Path]:
        return {path for path in Path("/tmp").glob("tmp.*") if (path / "repo").exists()}

    there, end = made(), time.monotonic() + 20
    preview(source(remote, place, repo), repo.git("rev-parse", "HEAD"))
    while made() - there and time.monotonic() < end:  # that of another test goes by itself
        time.sleep(0.2)
    assert made() - there == set()
