import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from rollout.adapters.haproxy.admin_socket import AdminSocket
from rollout.adapters.haproxy.coalesce import CoalescedQuery
from rollout.adapters.local.thread_pool import Pool
from rollout.model.errors import BalancerError

HELLO = b"Name: HAProxy\nProcess_num: 1\n\n"


class Counter:
    """A socket that numbers its replies, and gives none while it is shut."""

    def __init__(self) -> None:
        self.asked = 0
        self.heard = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await reader.readline()
        if line == b"count\n":
            self.asked += 1
            number = self.asked
            self.heard.set()
            await self.open.wait()
            writer.write(b"%d\n\n" % number)
        else:
            writer.write(HELLO)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()


@asynccontextmanager
async def counting(place: Path) -> AsyncIterator[tuple[Counter, AdminSocket]]:
    counter, pool = Counter(), Pool(4)
    server = await asyncio.start_unix_server(counter.answer, place / "s")
    try:
        yield counter, AdminSocket("lb1", place / "s", pool, 5.0)
    finally:
        counter.open.set()
        server.close()
        pool.close()


def test_who_asks_while_a_question_waits_for_its_turn_shares_its_reply(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with counting(tmp_path) as (counter, wire):
            question = CoalescedQuery("count", int)
            counter.open.clear()
            first = asyncio.create_task(wire.ask_once_for_all(question))
            await counter.heard.wait()
            others = [asyncio.create_task(wire.ask_once_for_all(question)) for _ in range(20)]
            await asyncio.sleep(0)
            counter.open.set()
            assert await first == 1
            assert await asyncio.gather(*others) == [2] * 20
            assert counter.asked == 2

    asyncio.run(scenario())


def test_a_reply_is_never_older_than_the_wish_for_it(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with counting(tmp_path) as (_, wire):
            question = CoalescedQuery("count", int)
            assert [await wire.ask_once_for_all(question) for _ in range(3)] == [1, 2, 3]

    asyncio.run(scenario())


def test_who_gives_up_takes_nobody_along(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with counting(tmp_path) as (counter, wire):
            question = CoalescedQuery("count", int)
            counter.open.clear()
            first = asyncio.create_task(wire.ask_once_for_all(question))
            await counter.heard.wait()
            second = asyncio.create_task(wire.ask_once_for_all(question))
            await asyncio.sleep(0)
            first.cancel()
            counter.open.set()
            assert await second == 2

    asyncio.run(scenario())


def test_a_failure_is_not_shared(tmp_path: Path) -> None:
    fail = [True]

    def read(text: str) -> int:
        if fail:
            fail.clear()
            raise BalancerError("lb1", "cannot be read")
        return int(text)

    async def scenario() -> None:
        async with counting(tmp_path) as (_, wire):
            question = CoalescedQuery("count", read)
            first, second = (asyncio.create_task(wire.ask_once_for_all(question)) for _ in range(2))
            with pytest.raises(BalancerError):
                await first
            assert await second == 2

    asyncio.run(scenario())
