"""A bounded pool of threads for libraries that block; a stuck thread holds up no exit.

The standard executor joins its threads when the interpreter ends, so one dead peer would keep a
finished rollout from leaving.  These threads are daemons: what they still wait for is given up.
"""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

Job = tuple[Future[Any], Callable[[], Any]]


class Pool:
    """At most ``size`` blocking calls at once; further ones wait their turn in order."""

    def __init__(self, size: int = 16) -> None:
        self._size = size
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._busy = 0
        self._counting = threading.Lock()
        self._closed = False

    async def call(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``fn`` in a thread and give back what it returns or raises.

        Cancelling the wait ends it at once.  A call whose turn had not come is then never made; one
        that is under way goes on in its thread, and its result is dropped.

        Raises:
            RuntimeError: the pool was closed.
        """
        if self._closed:
            raise RuntimeError("the pool of threads is closed")
        future: Future[T] = Future()
        self._enqueue(future, lambda: fn(*args, **kwargs))
        return await asyncio.wrap_future(future)

    def send(self, fn: Callable[[], object]) -> None:
        """Run ``fn`` in a thread, in turn, and forget it: whatever it raises is lost."""
        future: Future[object] = Future()
        self._enqueue(future, fn)

    def _enqueue(self, future: Future[Any], run: Callable[[], Any]) -> None:
        with self._counting:
            self._busy += 1
            if self._busy > len(self._threads) < self._size:
                self._start()
        self._jobs.put((future, run))

    def close(self) -> None:
        """Take no more calls, drop those whose turn has not come, let idle threads end.

        It waits for no call; what still awaits a dropped call sees it cancelled.
        """
        self._closed = True
        with contextlib.suppress(queue.Empty):
            while (job := self._jobs.get_nowait()) is not None:
                job[0].cancel()
        for _ in self._threads:
            self._jobs.put(None)

    def _start(self) -> None:
        name = f"rollout-{len(self._threads) + 1}"
        thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            future, run = job
            try:
                if future.set_running_or_notify_cancel():
                    self._settle(future, run)
            finally:
                with self._counting:
                    self._busy -= 1

    @staticmethod
    def _settle(future: Future[Any], run: Callable[[], Any]) -> None:
        try:
            result = run()
        except BaseException as error:  # noqa: BLE001 - it belongs to the caller, whatever it is
            future.set_exception(error)
        else:
            future.set_result(result)
