"""Looking up many names at once, with real threads and real time."""

import asyncio
import time

import pytest

from rollout.adapters.local.thread_pool import Pool
from rollout.adapters.ssh.addresses import SshAddresses

pytestmark = pytest.mark.integration

HOSTS = 24


def slowly(host: str) -> str:
    del host
    time.sleep(0.1)
    return "127.0.0.1"


def test_a_slow_resolver_is_not_late_because_others_had_their_turn_first() -> None:
    pool = Pool(2)
    look = SshAddresses(slowly, pool, timeout=0.8, at_once=2)

    async def all_of_them() -> list[tuple[str, ...]]:
        return await asyncio.gather(*(look.addresses(f"web{n}") for n in range(HOSTS)))

    try:
        found = asyncio.run(all_of_them())
    finally:
        pool.close()
    assert found == [("127.0.0.1",)] * HOSTS
