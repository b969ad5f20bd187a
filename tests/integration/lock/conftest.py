"""Threads in which the scripts of a lock may block."""

from collections.abc import Iterator

import pytest

from rollout.adapters.local.thread_pool import Pool


@pytest.fixture
def pool() -> Iterator[Pool]:
    threads = Pool(4)
    yield threads
    threads.close()
