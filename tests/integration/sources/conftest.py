"""A host on a real sshd that keeps releases, and a repository to deploy from."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rollout.adapters.releases.layout import NOTES
from rollout.adapters.ssh import Ssh, SshOptions
from rollout.adapters.ssh.scripts import Remote
from rollout.model.releases import Release
from tests.support.sshd import Sshd, running_sshd

NAME = "20261122000000"
COMMIT_TIME = "1700000000 +0000"


@pytest.fixture(scope="package")
def sshd() -> Iterator[Sshd]:
    with running_sshd() as server:
        yield server


@pytest.fixture(scope="package")
def ssh(sshd: Sshd) -> Iterator[Ssh]:
    with Ssh(SshOptions(config=sshd.config, connect_timeout=5.0)) as door:
        yield door


@pytest.fixture
def remote(ssh: Ssh) -> Remote:
    return Remote(ssh.run, asyncio.to_thread)


@dataclass
class Place:
    """``deploy.to`` on the host, as far as ``begin`` would have got."""

    to: Path

    def begin(self, revision: str, name: str = NAME) -> Release:
        (self.to / "releases" / name).mkdir(parents=True)
        note = self.to / NOTES / name
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text("")
        return Release(name, revision)

    def release(self, name: str = NAME) -> Path:
        return self.to / "releases" / name

    def revision(self, name: str = NAME) -> str:
        file = self.release(name) / "REVISION"
        return file.read_text().strip() if file.exists() else ""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "srv")


@dataclass
class Repo:
    """A repository, worked on by the real git."""

    path: Path
    environ: dict[str, str] = field(default_factory=dict)

    def git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(self.path), *words],
            env=self.environ,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def commit(self, **files: str) -> str:
        for name, text in files.items():
            (self.path / name).write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "more")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    path = tmp_path / "shop"
    path.mkdir()
    who = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in {"NAME": "x", "EMAIL": "x@x", "DATE": COMMIT_TIME}.items()
    }
    repo = Repo(path, {**os.environ, **who, "GIT_CONFIG_GLOBAL": os.devnull})
    repo.git("init", "--quiet", "--initial-branch=main")
    repo.commit(app="one")
    return repo
