"""Where a host is, by ssh's name for it."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from rollout.adapters.local.thread_pool import Pool
from rollout.adapters.ssh.addresses import SshAddresses
from rollout.model.errors import RemoteError


def look_up(
    resolve: Callable[[str], str], *, needed: bool = True, timeout: float = 10.0
) -> tuple[str, ...]:
    async def ask() -> tuple[str, ...]:
        pool = Pool(1)
        try:
            addresses = SshAddresses(resolve, pool, needed=needed, timeout=timeout)
            return await addresses.addresses("web1")
        finally:
            pool.close()

    return asyncio.run(ask())


@pytest.mark.parametrize("name", ["127.0.0.11", "::1"])
def test_an_alias_has_the_address_of_its_host_name_once(name: str) -> None:
    assert look_up(lambda _: name) == (name,)


def test_a_name_that_nobody_knows_is_named_with_a_cure() -> None:
    with pytest.raises(RemoteError, match=r"web1: no-such\.invalid has no address: ") as refused:
        look_up(lambda _: "no-such.invalid")
    assert "HostName" in refused.value.fix


@pytest.mark.parametrize("name", ["a" * 64 + ".x", "a..b"])
def test_a_name_that_cannot_be_one_is_no_traceback(name: str) -> None:
    with pytest.raises(RemoteError, match="has no address: not a host name"):
        look_up(lambda _: name)


def test_a_name_that_only_a_jump_host_knows_is_fine_when_lines_are_found_by_name() -> None:
    assert look_up(lambda _: "no-such.invalid", needed=False) == ()


def test_a_resolver_that_is_silent_is_given_up() -> None:
    answer = threading.Event()
    try:
        with pytest.raises(RemoteError, match=r"did not answer within 0\.05s"):
            look_up(lambda _: str(answer.wait(20)), timeout=0.05)
    finally:
        answer.set()
