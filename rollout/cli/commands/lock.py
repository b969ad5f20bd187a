"""``rollout lock``: its owner; a freeze by hand, its end, and a lock that must be broken."""

from typing import TYPE_CHECKING, Annotated

import typer

from rollout.cli import options as said
from rollout.cli.global_options import global_options
from rollout.cli.typer_patch import Command, FastGroup

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from typing import TypeVar

    from rollout.adapters.lock.remote_lock import FleetLock
    from rollout.model.lock_state import LockOwner, LockState
    from rollout.settings.model import Settings

    T = TypeVar("T")

lock = typer.Typer(
    name="lock",
    cls=FastGroup,
    help="Show the owner of the lock; acquire it by hand, release it, or break it.",
    invoke_without_command=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@lock.callback()
def show(context: typer.Context) -> None:
    """Show the owner of the lock, and what is out because of it."""
    if context.invoked_subcommand is not None:
        return
    from rollout.cli.console import print_output  # noqa: PLC0415
    from rollout.cli.new_run import history_of  # noqa: PLC0415 - not for `--help`
    from rollout.output.lock import lock_json, lock_table  # noqa: PLC0415
    from rollout.output.select import Output  # noqa: PLC0415

    output_mode = global_options(context).output_mode

    settings = global_options(context).settings().settings

    async def look(
        lock: "FleetLock",
    ) -> "tuple[Sequence[LockState], Mapping[str, Sequence[str]], frozenset[str]]":
        seen, history = await lock.look(), history_of(settings)
        gone = frozenset(one.owner.run for one in seen if history.is_gone(one.owner))
        return seen, await lock.acts(), gone

    seen, acts, gone = _with_the_lock(settings, look)
    print_output((lock_json if output_mode is Output.JSON else lock_table)(seen, acts, gone))


@lock.command(cls=Command)
def acquire(
    context: typer.Context,
    *,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why; a run that is refused shows it.")
    ],
) -> None:
    """Let no rollout of the app begin, cron included, until `lock release`."""
    from rollout.cli.console import print_error  # noqa: PLC0415
    from rollout.cli.new_run import current_owner  # noqa: PLC0415 - not for `--help`
    from rollout.model.errors import LockHeld  # noqa: PLC0415
    from rollout.model.lock_state import Kind  # noqa: PLC0415
    from rollout.summary.run import Exit  # noqa: PLC0415

    settings = global_options(context).settings().settings
    owner = current_owner(Kind.MANUAL, reason)

    async def take(lock: "FleetLock") -> None:
        await lock.take(owner)
        await _note(lock, owner, f"took it by hand: {reason}")

    try:
        _with_the_lock(settings, take)
    except LockHeld as held:
        print_error(str(held))
        raise typer.Exit(Exit.BUSY) from None
    print_error(
        f"{settings.app} is locked: no rollout can start, cron included; "
        "`rollout lock release` unlocks it"
    )


@lock.command(cls=Command)
def release(context: typer.Context, *, yes: said.Yes = False) -> None:
    """Give back a lock that was taken by hand; that of another person only after a yes."""
    from rollout.cli.console import print_error  # noqa: PLC0415
    from rollout.cli.new_run import current_owner  # noqa: PLC0415 - not for `--help`
    from rollout.cli.unfinished import confirm  # noqa: PLC0415
    from rollout.model.errors import RolloutError  # noqa: PLC0415
    from rollout.model.lock_state import Kind  # noqa: PLC0415

    settings = global_options(context).settings().settings
    us = current_owner(Kind.MANUAL)
    held = _with_the_lock(settings, lambda lock: lock.look())
    _see_that_it_is_by_hand(held)
    if not held:
        print_error("no run and no person holds the lock")
        return
    others = [one.owner for one in held if one.owner.who != us.who]
    if others:
        print_error(f"the lock is that of {others[0]}")
        confirm("Release it, though it is not yours?", yes=yes)

    async def thaw(lock: "FleetLock") -> None:
        now = await lock.look()
        _see_that_it_is_by_hand(now)
        runs = dict.fromkeys(one.owner.run for one in now)
        if set(runs) - {one.owner.run for one in held}:
            raise RolloutError(f"nothing was changed: the lock is that of {now[0].owner} by now")
        for one in now:
            await lock.take_over(one.owner.run, one.owner)
        for error in await lock.release():
            raise error
        await _note(lock, us, f"released what {held[0].owner} held")

    _with_the_lock(settings, thaw)
    print_error(f"unlocked; it was held by {held[0].owner}")


def _see_that_it_is_by_hand(held: "Sequence[LockState]") -> None:
    from rollout.model.errors import RolloutError  # noqa: PLC0415 - not for `--help`
    from rollout.model.lock_state import Kind  # noqa: PLC0415

    for one in held:
        if one.owner.kind is Kind.UNKNOWN:
            raise RolloutError(f"{one.place}: {one.owner}: `rollout lock break` takes it")
        if one.owner.kind is not Kind.MANUAL:
            raise RolloutError(
                f"nothing was changed: a run holds the lock, no person: {one.owner}.  `rollout "
                "recover` if it is dead, `rollout lock break` if it must end"
            )


@lock.command("break", cls=Command)
def break_it(context: typer.Context, *, yes: said.Yes = False) -> None:
    """Take the lock from any run or person, and bring back what is out because of it."""
    from rollout.cli.commands.recover import run  # noqa: PLC0415
    from rollout.cli.new_run import current_owner  # noqa: PLC0415 - not for `--help`
    from rollout.cli.unfinished import confirmed, nothing_left  # noqa: PLC0415
    from rollout.model.lock_state import Kind  # noqa: PLC0415

    loaded = global_options(context).settings()
    what = "Break this lock, and bring back what is out?  A run that holds it touches nothing more."
    left = confirmed(loaded.settings, what, yes=yes, force=True)
    if left is None:
        raise typer.Exit(nothing_left())
    us, was = current_owner(Kind.MANUAL), left.owner
    code = run(loaded, left, global_options(context))
    _with_the_lock(loaded.settings, lambda lock: _note(lock, us, f"broke the lock of {was}"))
    raise typer.Exit(code)


async def _note(lock: "FleetLock", person: "LockOwner", act: str) -> None:
    await lock.note(f"{person.since} {person.who} {act}")


def _with_the_lock(settings: "Settings", act: "Callable[[FleetLock], Awaitable[T]]") -> "T":
    import asyncio  # noqa: PLC0415 - for all of these: not for `--help`
    import signal  # noqa: PLC0415

    from rollout.cli.console import print_error  # noqa: PLC0415
    from rollout.cli.wiring import open_lock  # noqa: PLC0415
    from rollout.summary.run import Exit  # noqa: PLC0415

    async def scenario() -> "T":
        task = asyncio.current_task()
        if task is not None:  # what was taken in one place is given back, as on Ctrl-C
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        with open_lock(settings) as lock:
            return await act(lock)

    try:
        return asyncio.run(scenario())
    except asyncio.CancelledError:
        print_error("ended on request; the lock is as it was")
        raise typer.Exit(Exit.TERMINATED) from None
