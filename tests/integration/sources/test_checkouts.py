"""A checkout as the repository, as build servers have them, and what a release lacks of one."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from rollout.adapters.sources.git import GitOptions, GitSource
from rollout.adapters.sources.push import PushOptions, PushSource
from rollout.adapters.ssh import Ssh
from rollout.adapters.ssh.scripts import Remote
from rollout.model.errors import SourceError
from tests.integration.sources.conftest import Place, Repo

pytestmark = pytest.mark.integration

Push = Callable[..., PushSource]

ALLOWED = ("-c", "protocol.file.allow=always")
POINTER = """\
version https://git-lfs.github.com/spec/v1
oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
size 12345
"""


@pytest.fixture
def push(remote: Remote, ssh: Ssh, place: Place, tmp_path: Path) -> Push:
    def make(repo: Path, ref: str = "", *, tree: bool = False) -> PushSource:
        options = PushOptions(
            tree=repo if tree else None,
            to=str(place.to),
            cache=tmp_path / "cache",
            logs=tmp_path / "logs",
            repo=str(repo),
            ref=ref,
            timeout=20.0,
        )
        return PushSource(remote, ssh.carry, asyncio.to_thread, options)

    return make


def resolve(source: PushSource | GitSource) -> str:
    return asyncio.run(source.resolve(["web1"]))


def refused(source: PushSource | GitSource) -> SourceError:
    with pytest.raises(SourceError) as raised:
        resolve(source)
    return raised.value


def checkout(repo: Repo, where: Path, *words: str) -> Repo:
    """Clone ``repo`` as build servers do: HEAD is detached, and there is no local branch."""
    repo.git("clone", "--quiet", *words, f"file://{repo.path}", str(where))
    clone = Repo(where, repo.environ)
    clone.git("checkout", "--quiet", "--detach")
    clone.git("branch", "--quiet", "-D", "main")
    return clone


def test_the_branch_of_a_checkout_that_has_none_is_that_of_its_origin(
    push: Push, repo: Repo, tmp_path: Path
) -> None:
    repo.git("branch", "feature/x")
    commit = repo.commit(app="two")
    clone = checkout(repo, tmp_path / "ci")
    old = repo.git("rev-parse", "feature/x")
    found = {
        ref: resolve(push(clone.path, ref))
        for ref in ("main", "origin/main", "feature/x", commit, commit[:8])
    }
    assert found == {
        "main": commit,
        "origin/main": commit,
        "feature/x": old,
        commit: commit,
        commit[:8]: commit,
    }


def test_the_commit_that_is_checked_out_is_taken_though_no_branch_has_it(
    push: Push, repo: Repo, tmp_path: Path
) -> None:
    clone = checkout(repo, tmp_path / "ci")
    commit = clone.commit(app="merged by the build server")
    assert resolve(push(clone.path, commit)) == commit


def test_a_shallow_checkout_has_its_commit_and_says_that_it_is_shallow_for_another(
    push: Push, place: Place, repo: Repo, tmp_path: Path
) -> None:
    first = repo.git("rev-parse", "main")
    commit = repo.commit(app="two")
    clone = checkout(repo, tmp_path / "ci", "--depth", "1")
    source = push(clone.path, commit)
    release = place.begin(resolve(source))
    asyncio.run(source.prepare(release))
    asyncio.run(source.examine("web1"))
    asyncio.run(source.deliver("web1", release, ""))
    source.close()
    assert (place.release() / "app").read_text() == "two"
    error = refused(push(clone.path, first))
    assert first in str(error)
    assert error.fix.startswith("this clone is shallow")


def test_tags_of_a_checkout_are_known(push: Push, repo: Repo, tmp_path: Path) -> None:
    repo.git("tag", "--annotate", "--message", "one", "v1")
    old = repo.git("rev-parse", "main")
    repo.commit(app="two")
    assert resolve(push(checkout(repo, tmp_path / "ci").path, "v1")) == old


def by_both(push: Push, remote: Remote, place: Place, repo: Repo) -> list[PushSource | GitSource]:
    options = GitOptions(to=str(place.to), repo=str(repo.path), ref="main", timeout=20.0)
    return [GitSource(remote, options), push(repo.path, "main")]


def test_submodules_are_refused_with_the_ways_out(
    push: Push, remote: Remote, place: Place, repo: Repo, tmp_path: Path
) -> None:
    with_a_submodule(repo, tmp_path)
    for source in by_both(push, remote, place, repo):
        error = refused(source)
        assert "has submodules (vendor/my lib)" in str(error)
        assert "git submodule update --init --recursive" in error.fix
        assert "deploy.tree" in error.fix


def test_pointers_of_git_lfs_are_refused_and_files_that_only_speak_of_it_are_not(
    push: Push, remote: Remote, place: Place, repo: Repo
) -> None:
    repo.commit(README=f"see {POINTER}")
    for source in by_both(push, remote, place, repo):
        resolve(source)
    repo.commit(
        GUIDE=f"{POINTER}{'x' * 1024}",
        **{".gitattributes": "*.psd filter=lfs diff=lfs -text\n", "logo.psd": POINTER},
    )
    for source in by_both(push, remote, place, repo):
        error = refused(source)
        assert "has files in Git LFS (logo.psd)" in str(error)
        assert "git lfs pull" in error.fix


def test_what_a_release_has_otherwise_than_a_checkout_is_told(
    push: Push, remote: Remote, place: Place, repo: Repo
) -> None:
    (repo.path / "spec").mkdir()
    (repo.path / "spec" / "a b.rb").write_text("x")
    attributes = "spec export-ignore\nVERSION export-subst\n"
    repo.commit(VERSION="$Format:%H$", **{".gitattributes": attributes})
    for source in by_both(push, remote, place, repo):
        resolve(source)
        assert source.warnings == (
            "export-ignore in .gitattributes leaves out of the release: spec/a b.rb",
            "export-subst in .gitattributes: git fills in $Format:…$ in VERSION",
        )


def with_a_submodule(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    library = Repo(tmp_path / "lib", repo.environ)
    library.git("init", "--quiet", "--initial-branch=main")
    library.commit(lib="x")
    repo.git(*ALLOWED, "submodule", "--quiet", "add", str(library.path), "vendor/my lib")
    repo.git("commit", "--quiet", "--message", "with a submodule")


def test_a_tree_is_sent_as_it_is_and_a_submodule_that_was_not_fetched_is_told(
    push: Push, repo: Repo, tmp_path: Path
) -> None:
    with_a_submodule(repo, tmp_path)
    clone = checkout(repo, tmp_path / "ci")
    source = push(clone.path, tree=True)
    resolve(source)
    (note,) = source.warnings
    assert note.endswith(
        "has submodules that were never fetched: vendor/my lib "
        "(git submodule update --init --recursive)"
    )
    clone.git(*ALLOWED, "submodule", "--quiet", "update", "--init", "--recursive")
    resolve(source)
    assert source.warnings == ()


def test_a_tree_with_pointers_of_git_lfs_is_told(push: Push, repo: Repo) -> None:
    attributes = {".gitattributes": "*.psd filter=lfs diff=lfs -text\n"}
    repo.commit(**attributes, **{"logo.psd": POINTER})
    source = push(repo.path, tree=True)
    resolve(source)
    (note,) = source.warnings
    assert note.endswith("pointers in place of files of Git LFS: logo.psd (git lfs pull)")
    (repo.path / "logo.psd").write_text("the file itself")
    resolve(source)
    assert source.warnings == ()
