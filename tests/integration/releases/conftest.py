from collections.abc import Iterator
from pathlib import Path

import pytest

from rollout.adapters.ssh import Ssh, SshOptions
from tests.support.release_host import LIVE, OLD, Place
from tests.support.sshd import Sshd, running_sshd


@pytest.fixture(scope="session")
def releases_sshd() -> Iterator[Sshd]:
    with running_sshd() as server:
        yield server


@pytest.fixture(scope="session")
def releases_ssh(releases_sshd: Sshd) -> Iterator[Ssh]:
    with Ssh(SshOptions(config=releases_sshd.config, connect_timeout=5.0)) as door:
        yield door


@pytest.fixture
def bare(releases_ssh: Ssh, tmp_path: Path) -> Place:
    """A host on which nothing was ever deployed."""
    return Place(tmp_path / "srv" / "shop", releases_ssh)


@pytest.fixture
def place(bare: Place) -> Place:
    """A host as Capistrano leaves it."""
    bare.lay_out(OLD, LIVE, live=LIVE)
    return bare
