from collections.abc import Iterator

import pytest

from rollout.adapters.ssh import Ssh, SshOptions
from tests.support.sshd import Sshd, running_sshd


@pytest.fixture
def sshd() -> Iterator[Sshd]:
    with running_sshd() as server:
        yield server


@pytest.fixture
def ssh(sshd: Sshd) -> Iterator[Ssh]:
    with Ssh(SshOptions(config=sshd.config, connect_timeout=5.0)) as door:
        yield door
