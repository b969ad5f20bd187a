"""A question that nothing waits for, at a socket that answers it never, late, or with rubbish."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from rollout.adapters.haproxy.admin_socket import AdminSocket
from rollout.adapters.haproxy.balancer import HAProxyBalancer
from rollout.adapters.haproxy.reply_parser import UnparsableReply
from rollout.adapters.local.thread_pool import Pool
from rollout.model.errors import BalancerError

CAPTURED = Path(__file__).parents[3] / "captures" / "haproxy" / "3.0-traffic.txt"

Answer = Callable[[str, asyncio.StreamWriter], Awaitable[None]]


async def at_a_socket(place: Path, answer: Answer, ask: Callable[[Path], Awaitable[None]]) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer((await reader.readline()).decode(), writer)
        finally:
            writer.close()

    server = await asyncio.start_unix_server(connected, place)
    async with server:
        await ask(place)


async def only_what_is_not_counted(line: str, writer: asyncio.StreamWriter) -> None:
    if "show stat" in line:
        await asyncio.sleep(1_000)
    writer.write(b"Name: HAProxy\n\n")


def test_another_question_is_answered_while_this_one_hangs(tmp_path: Path) -> None:
    async def ask(place: Path) -> None:
        socket = AdminSocket("lb1", place, Pool(1), timeout=5)
        hanging = asyncio.create_task(socket.ask_beside("show stat -1 2 -1", str))
        await asyncio.sleep(0.05)
        async with asyncio.timeout(1):
            assert await socket.ask_plainly("show info") == "Name: HAProxy\n"
        assert not hanging.done()
        hanging.cancel()
        await asyncio.wait({hanging}, timeout=1)
        assert hanging.cancelled()

    asyncio.run(at_a_socket(tmp_path / "lb", only_what_is_not_counted, ask))


def test_it_gives_up_after_the_timeout(tmp_path: Path) -> None:
    async def ask(place: Path) -> None:
        balancer = HAProxyBalancer("lb1", place, (), Pool(1), timeout=0.2)
        with pytest.raises(BalancerError, match=r"no answer within 0\.2s to `show info;show stat"):
            await balancer.read_traffic(servers=False)

    asyncio.run(at_a_socket(tmp_path / "lb", only_what_is_not_counted, ask))


def test_a_whole_reply_is_read_and_one_that_was_torn_is_an_error(tmp_path: Path) -> None:
    replies = [CAPTURED.read_bytes(), CAPTURED.read_bytes()[:2_500], b"", b"\xff\xfe rubbish\n"]

    async def in_turn(line: str, writer: asyncio.StreamWriter) -> None:
        if line:  # else it was looked whether a process listens here
            writer.write(replies.pop(0))

    async def ask(place: Path) -> None:
        balancer = HAProxyBalancer("lb1", place, ("app",), Pool(1))
        reading = await balancer.read_traffic(servers=True)
        assert reading.backends["app"].counters.requests == 15
        for _ in range(3):
            with pytest.raises(BalancerError):
                await balancer.read_traffic(servers=True)

    asyncio.run(at_a_socket(tmp_path / "lb", in_turn, ask))


def test_bytes_that_are_no_utf_8_are_replaced(tmp_path: Path) -> None:
    """An agent may say them; HAProxy passes them on."""
    reply = CAPTURED.read_bytes().replace(b"no check", b"no \xff check")

    async def answer(line: str, writer: asyncio.StreamWriter) -> None:
        del line
        writer.write(reply)

    async def ask(place: Path) -> None:
        reading = await HAProxyBalancer("lb1", place, (), Pool(1)).read_traffic(servers=True)
        assert reading.backends["app"].counters.requests == 15

    asyncio.run(at_a_socket(tmp_path / "lb", answer, ask))


def test_a_socket_that_is_not_there_is_named(tmp_path: Path) -> None:
    async def ask() -> None:
        balancer = HAProxyBalancer("lb1", tmp_path / "away", (), Pool(1))
        with pytest.raises(BalancerError, match="away"):
            await balancer.read_traffic(servers=False)

    asyncio.run(ask())


def test_a_reader_that_fails_is_an_error_of_the_load_balancer(tmp_path: Path) -> None:
    def refuse(text: str) -> None:
        raise UnparsableReply(text)

    async def ask(place: Path) -> None:
        with pytest.raises(BalancerError, match="cannot be read"):
            await AdminSocket("lb1", place, Pool(1), timeout=5).ask_beside("show info", refuse)

    asyncio.run(at_a_socket(tmp_path / "lb", only_what_is_not_counted, ask))
