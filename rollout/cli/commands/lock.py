"""``rollout lock``: its owner; a freeze by hand, its end, and a lock that must be broken."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import typer

from rollout.adapters.lock.remote_lock import FleetLock
from rollout.cli.arguments import Arguments
from rollout.cli.commands.recover import run
from rollout.cli.console import print_error, print_output
from rollout.cli.lock_notes import note_act, note_what_is_done
from rollout.cli.new_run import current_owner, history_of
from rollout.cli.options import REASON, YES
from rollout.cli.unfinished import Despite, confirm, confirmed, nothing_left
from rollout.cli.wiring import open_lock
from rollout.lock.by_hand import check_held_by_hand, release_by_hand
from rollout.lock.previous_runs import is_over
from rollout.model.errors import LockHeld
from rollout.model.lock_state import Kind, LockState
from rollout.output.lock import lock_json, lock_table
from rollout.output.select import Output
from rollout.settings.model import Settings
from rollout.summary.run import Exit

T = TypeVar("T")


def show(arguments: Arguments) -> int:
    """Show the owner of the lock, and what is out because of it."""
    output_mode = arguments.typed.output_mode
    settings = arguments.settings().settings

    async def look(
        lock: FleetLock,
    ) -> tuple[Sequence[LockState], Mapping[str, Sequence[str]], frozenset[str]]:
        seen, history = await lock.look(), history_of(settings)
        over = frozenset([one.owner.run for one in seen if await is_over(one, lock, history)])
        return seen, await lock.acts(), over

    seen, acts, over = _with_the_lock(settings, look)
    print_output((lock_json if output_mode is Output.JSON else lock_table)(seen, acts, over))
    return 0


def acquire(arguments: Arguments) -> int:
    """Acquire the lock for the person who types; 4 while a run or another person has it."""
    settings = arguments.settings().settings
    reason = arguments.text(REASON) or ""
    owner = current_owner(Kind.MANUAL, reason)

    async def take(lock: FleetLock) -> None:
        await lock.take(owner)
        try:
            await note_act(lock, owner, f"took it by hand: {reason}")
        except BaseException:  # a command that fails or is ended leaves no lock behind
            await lock.release()
            raise

    try:
        _with_the_lock(settings, take)
    except LockHeld as held:
        print_error(str(held))
        return Exit.BUSY
    print_error(
        f"{settings.app} is locked: no rollout can start, cron included; "
        "`rollout lock release` unlocks it"
    )
    return 0


def release(arguments: Arguments) -> int:
    """Give back a lock that was taken by hand; that of another person only after a yes."""
    settings = arguments.settings().settings
    us = current_owner(Kind.MANUAL)
    held = _with_the_lock(settings, lambda lock: lock.look())
    check_held_by_hand(held)
    if not held:
        print_error("no run and no person holds the lock")
        return 0
    others = [one.owner for one in held if one.owner.who != us.who]
    if others:
        print_error(f"the lock is that of {others[0]}")
        confirm("Release it, though it is not yours?", yes=arguments.is_on(YES))

    async def thaw(lock: FleetLock) -> None:
        await release_by_hand(lock, held)
        await note_what_is_done(lock, us, f"released what {held[0].owner} held")

    _with_the_lock(settings, thaw)
    print_error(f"unlocked; it was held by {held[0].owner}")
    return 0


def break_it(arguments: Arguments) -> int:
    """Take the lock from any run or person, and bring back what is out because of it."""
    loaded = arguments.settings()
    what = "Break this lock, and bring back what is out?  A run that holds it touches nothing more."
    left = confirmed(loaded.settings, what, yes=arguments.is_on(YES), despite=Despite.LIFE)
    if left is None:
        return nothing_left()
    us, act = current_owner(Kind.MANUAL), f"broke the lock of {left.owner}"
    code = run(loaded, left, arguments.typed)
    _with_the_lock(loaded.settings, lambda lock: note_what_is_done(lock, us, act))
    return code


def _with_the_lock(settings: Settings, act: Callable[[FleetLock], Awaitable[T]]) -> T:

    async def scenario() -> T:
        task = asyncio.current_task()
        if task is not None:  # what was taken in one place is given back, as on Ctrl-C
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        with open_lock(settings) as lock:
            return await act(lock)

    try:
        return asyncio.run(scenario())
    except asyncio.CancelledError:
        print_error("ended on request; `rollout lock` shows whether the lock is held")
        raise typer.Exit(Exit.TERMINATED) from None
