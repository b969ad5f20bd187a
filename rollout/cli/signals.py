"""Runs a command with its renderers and signals: how every run begins and ends.

The first INT or TERM asks: nothing new is started and what is out is seen through.  The second
orders: the summary is printed and the process leaves.  HUP means that the screen is gone, and
the rollout is not.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

from rollout.adapters.local.exit_cleanup import end_all
from rollout.cli.console import format_error
from rollout.cli.crash import save
from rollout.events import Interrupted, RolloutHalted, RolloutRefused, StopRequested
from rollout.model.errors import Halted, LockHeld, RolloutError, UnfinishedRunFound
from rollout.model.fleet import Finding
from rollout.output.dispatcher import Broadcast
from rollout.ports.site import Tell
from rollout.summary.run import Exit

RunBody = Callable[[Tell, Callable[[], bool]], Awaitable[None]]
"""Tells what happens, and asks now and then whether it should stop."""

LAST_WORDS = 1.0
"""Seconds that the renderers have after a second signal, of two in all."""

ASKED_BY = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM"}
LEAVING = {signal.SIGINT: Exit.INTERRUPTED, signal.SIGTERM: Exit.TERMINATED}


class Signals:
    """What the operator wants, as far as signals say it."""

    def __init__(self, broadcast: Broadcast) -> None:
        self.stop_asked = False
        self._broadcast = broadcast

    def listen(self) -> None:
        """Answer signals from now on, on the running loop."""
        loop = asyncio.get_running_loop()
        for number in ASKED_BY:
            loop.add_signal_handler(number, self._answer, number)
        loop.add_signal_handler(signal.SIGHUP, lambda: None)

    def stop_listening(self) -> None:
        """Let nothing that comes now cost the summary, which is all that is left to do.

        What is still on its way to others then is given up at once.
        """
        loop = asyncio.get_running_loop()
        for number in (*ASKED_BY, signal.SIGHUP):
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_IGN)
        for number in ASKED_BY:
            signal.signal(number, self._give_up)

    def _give_up(self, *_: object) -> None:
        self._broadcast.give_up()
        end_all()

    def _answer(self, number: signal.Signals) -> None:
        by = ASKED_BY[number]
        if not self.stop_asked:
            self.stop_asked = True
            self._broadcast.tell(StopRequested(by=by))
            return
        self._broadcast.tell(Interrupted(by=f"a second {by}", exit_code=LEAVING[number]))
        end_all()
        # No clean-up: it would wait for the very things that the operator does not wait for.
        self._broadcast.hurry()
        ending = self._broadcast.end(timeout=LAST_WORDS)
        end_all()  # what the end itself has started
        os._exit(ending.exit_code)


def run_with_signals(scenario: RunBody, broadcast: Broadcast) -> int:
    """Run ``scenario`` to its end and return the exit code of its account."""
    signals = Signals(broadcast)

    async def run() -> None:
        signals.listen()
        try:
            await scenario(broadcast.tell, lambda: signals.stop_asked)
        except Halted as halt:
            broadcast.tell(RolloutHalted(reason=str(halt)))
        except UnfinishedRunFound as left:
            where = f"run {left.run}"
            broadcast.tell(RolloutRefused(findings=(Finding(where, left.what, left.fix),)))
        finally:
            signals.stop_listening()

    try:
        asyncio.run(run())
    except LockHeld as held:
        return broadcast.end(Exit.BUSY, cause=str(held)).exit_code
    except RolloutError as error:
        return broadcast.end(Exit.REFUSED, cause=format_error(error)).exit_code
    except Exception as bug:  # noqa: BLE001 - the summary must be told, whatever broke
        return broadcast.end(
            Exit.BUG, cause=f"{type(bug).__name__}: {bug}", trace=save(bug)
        ).exit_code
    return broadcast.end(timeout=5.0).exit_code
