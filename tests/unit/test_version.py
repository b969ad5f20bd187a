"""The version names the commit, however the checkout was made and the package was built."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from rollout import __version__, version
from rollout.version import commit_of

HOME = Path(__file__).parents[2]
BUILT_FROM = (
    *("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE", "Makefile"),
    *("CHANGELOG.md", "SECURITY.md", "Dockerfile", "docs", "examples", "requirements", "rollout"),
)


def git(directory: Path, *words: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    done = subprocess.run(
        ["git", "-C", directory, *who, *words], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with the package in it, and one commit."""
    made = tmp_path / "checkout"
    made.mkdir()
    for name in BUILT_FROM:
        source = HOME / name
        if source.is_dir():
            shutil.copytree(source, made / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, made / name)
    git(made, "init", "-q", "-b", "main")
    git(made, "add", ".")
    git(made, "commit", "-q", "-m", "one")
    return made


def shell_files(checkout: Path) -> set[str]:
    """Name the scripts that rollout sends to hosts."""
    found = {str(file.relative_to(checkout)) for file in (checkout / "rollout").rglob("*.sh")}
    assert "rollout/adapters/lock/lock.sh" in found
    return found


def head(checkout: Path) -> str:
    return git(checkout, "rev-parse", "--short=7", "HEAD")


def test_the_commit_is_read_as_git_keeps_it(checkout: Path, tmp_path: Path) -> None:
    assert commit_of(checkout) == head(checkout)
    git(checkout, "pack-refs", "--all")
    assert not (checkout / ".git/refs/heads/main").exists()
    assert commit_of(checkout) == head(checkout)
    git(checkout, "worktree", "add", "-q", "-b", "other", str(tmp_path / "linked"))
    git(tmp_path / "linked", "commit", "-q", "--allow-empty", "-m", "two")
    assert commit_of(tmp_path / "linked") == head(tmp_path / "linked") != head(checkout)
    git(checkout, "checkout", "-q", "--detach")
    assert commit_of(checkout) == head(checkout)


def test_where_there_is_no_commit_the_version_stands_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(version, "PACKAGE", tmp_path / "rollout")
    monkeypatch.setattr(version, "WRITTEN", tmp_path / "rollout" / "COMMIT")
    assert version.version() == __version__
    git(tmp_path, "init", "-q")
    assert version.version() == __version__, "no commit yet"
    (tmp_path / ".git/HEAD").write_text("ref: refs/../../secret\n")
    assert version.version() == __version__
    (tmp_path / "rollout").mkdir()
    (tmp_path / "rollout" / "COMMIT").write_text("0123abc\n")
    assert version.version() == f"{__version__} (0123abc)"


def installed(checkout: Path, into: Path, **environ: str) -> str:
    """Install the checkout as pip does, without the network; return its version."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    pip += ["--no-build-isolation", "--disable-pip-version-check", "--target", str(into), "."]
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("ROLLOUT_", "PYTHONPATH"))}
    subprocess.run(pip, check=True, cwd=checkout, env=clean | environ, capture_output=True)
    said = subprocess.run(
        [sys.executable, "-P", "-m", "rollout", "--version"],
        check=True,
        cwd=into,
        env=clean | {"PYTHONPATH": str(into)},
        capture_output=True,
        text=True,
    )
    return said.stdout.strip()


def test_what_is_installed_names_its_commit_and_leaves_nothing_in_the_checkout(
    checkout: Path, tmp_path: Path
) -> None:
    (checkout / "rollout" / "gone.py").touch()
    assert installed(checkout, tmp_path / "one") == f"rollout {__version__} ({head(checkout)})"
    (checkout / "rollout" / "gone.py").unlink()
    assert git(checkout, "status", "--short", "--ignored") == ""
    git(checkout, "commit", "-q", "--allow-empty", "-m", "two")
    assert installed(checkout, tmp_path / "two") == f"rollout {__version__} ({head(checkout)})"
    assert (tmp_path / "one/rollout/gone.py").exists()
    assert not (tmp_path / "two/rollout/gone.py").exists()
    shutil.rmtree(checkout / ".git")
    said = installed(checkout, tmp_path / "three", ROLLOUT_COMMIT="0123abcdef")
    assert said == f"rollout {__version__} (0123abc)", "as in the image, which has no .git"


def test_a_source_distribution_names_its_commit_and_has_all_that_make_needs(
    checkout: Path, tmp_path: Path
) -> None:
    build = "import sys, setuptools.build_meta as b; print(b.build_sdist(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", build, tmp_path],
        check=True,
        cwd=checkout,
        capture_output=True,
        text=True,
    )
    assert git(checkout, "status", "--short", "--ignored") == ""
    archive = tmp_path / done.stdout.split()[-1]
    subprocess.run(["tar", "-xzf", archive, "-C", tmp_path], check=True)
    source = tmp_path / archive.name.removesuffix(".tar.gz")
    for name in (*BUILT_FROM, *shell_files(checkout)):
        assert (source / name).exists(), name
    assert installed(source, tmp_path / "four") == f"rollout {__version__} ({head(checkout)})"


def test_a_wheel_has_another_name_than_the_stranger_on_the_index_and_every_module(
    checkout: Path, tmp_path: Path
) -> None:
    build = "import sys, setuptools.build_meta as b; print(b.build_wheel(sys.argv[1]))"
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", build, tmp_path],
        check=True,
        cwd=checkout,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name.startswith(f"haproxy_rollout-{__version__}-py3-")
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
        (about,) = [name for name in names if name.endswith(".dist-info/METADATA")]
        metadata = packed.read(about).decode()
        (entries,) = [name for name in names if name.endswith(".dist-info/entry_points.txt")]
        assert "rollout = rollout.__main__:main" in packed.read(entries).decode()
    modules = {str(file.relative_to(checkout)) for file in (checkout / "rollout").rglob("*.py")}
    assert modules <= names
    assert shell_files(checkout) <= names
    assert {"rollout/py.typed", "rollout/example.toml", "rollout/COMMIT"} <= names
    assert {name.split("/")[0] for name in names} == {"rollout", about.split("/")[0]}
    for field in ("Name: haproxy-rollout", "Author: the rollout authors", "Keywords: haproxy,"):
        assert field in metadata, field
    assert "Requires-Dist: paramiko<6,>=5.0" in metadata


@pytest.mark.parametrize("there", ["bin/rollout", "share/doc", "pyvenv.cfg"])
def test_an_installation_into_a_directory_of_others_empties_nothing(
    checkout: Path, tmp_path: Path, there: str
) -> None:
    file = tmp_path / "local" / there
    file.parent.mkdir(parents=True)
    file.touch()
    make = ["make", "install", f"PREFIX={tmp_path / 'local'}", "PYTHON=false"]
    done = subprocess.run(make, check=False, cwd=checkout, capture_output=True, text=True)
    assert done.returncode != 0
    assert "has other things in it, and would be emptied: say another PREFIX" in done.stdout
    assert file.exists()
