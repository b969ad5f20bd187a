import asyncio
import subprocess
import sys
import threading

import pytest

from rollout.adapters.local.thread_pool import Pool


def test_a_call_gives_back_what_the_function_returns_or_raises() -> None:
    async def scenario() -> None:
        pool = Pool(1)
        assert await pool.call(int, "7") == 7
        with pytest.raises(ValueError, match="invalid literal"):
            await pool.call(int, "seven")
        pool.close()

    asyncio.run(scenario())


def test_no_more_threads_than_allowed_and_all_calls_are_made() -> None:
    alive: set[str] = set()

    def note(number: int) -> int:
        alive.add(threading.current_thread().name)
        return number

    async def scenario() -> None:
        pool = Pool(3)
        done = await asyncio.gather(*(pool.call(note, n) for n in range(50)))
        assert done == list(range(50))
        assert len(alive) <= 3
        pool.close()

    asyncio.run(scenario())


class Stuck:
    """A call that ends when it is released."""

    def __init__(self) -> None:
        self.begun, self.released = threading.Event(), threading.Event()

    def __call__(self) -> bool:
        self.begun.set()
        return self.released.wait(10)


async def until_begun(stuck: Stuck) -> None:
    assert await asyncio.to_thread(stuck.begun.wait, 10)


def test_who_gives_up_waiting_is_free_at_once_and_a_call_not_begun_is_never_made() -> None:
    stuck, made = Stuck(), threading.Event()

    async def scenario() -> None:
        pool = Pool(1)
        first = asyncio.create_task(pool.call(stuck))
        await until_begun(stuck)
        second = asyncio.create_task(pool.call(made.set))
        await asyncio.sleep(0)
        for task in (first, second):
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert not stuck.released.is_set()
        stuck.released.set()
        assert await pool.call(int, "3") == 3
        assert not made.is_set()
        pool.close()

    asyncio.run(scenario())


def test_closing_waits_for_nobody_and_drops_what_has_not_begun() -> None:
    stuck = Stuck()

    async def scenario() -> None:
        pool = Pool(1)
        first = asyncio.create_task(pool.call(stuck))
        await until_begun(stuck)
        second = asyncio.create_task(pool.call(int))
        await asyncio.sleep(0)
        pool.close()
        with pytest.raises(asyncio.CancelledError):
            await second
        with pytest.raises(RuntimeError, match="closed"):
            await pool.call(int)
        stuck.released.set()
        assert await first

    asyncio.run(scenario())


def test_a_call_that_is_stuck_does_not_keep_the_program_from_ending() -> None:
    program = (
        "import asyncio, time\n"
        "from rollout.adapters.local.thread_pool import Pool\n"
        "async def main():\n"
        "    task = asyncio.create_task(Pool().call(time.sleep, 60))\n"
        "    await asyncio.sleep(0.1)\n"
        "asyncio.run(main())\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=20).returncode == 0
