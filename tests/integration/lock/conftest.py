"""Logins with real uids."""

from collections.abc import Iterator

import pytest

from rollout.adapters.threads import Pool
from tests.support.logins import Logins, needs_root


@pytest.fixture
def logins() -> Iterator[Logins]:
    needs_root()
    found = Logins()
    yield found
    found.close()


@pytest.fixture
def pool() -> Iterator[Pool]:
    threads = Pool(4)
    yield threads
    threads.close()
