"""``rollout lock``: who holds it; a freeze by hand, its end, and a lock that nobody gives back."""

from typing import TYPE_CHECKING, Annotated

import typer

from rollout.cli import options as said
from rollout.cli.context import asked

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeVar

    from rollout.record_ports import Lock
    from rollout.settings.model import Settings

    T = TypeVar("T")

lock = typer.Typer(
    name="lock",
    help="Show who holds the lock; take it by hand, give it back, or break it.",
    invoke_without_command=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@lock.callback()
def show(context: typer.Context) -> None:
    """Show who holds the lock of the app, and what is out because of them."""
    if context.invoked_subcommand is not None:
        return
    from rollout.cli.words import hand_over  # noqa: PLC0415 - not for `--help`
    from rollout.render.choose import Output  # noqa: PLC0415
    from rollout.render.remains import lock_json, lock_table  # noqa: PLC0415

    voice = asked(context).voice
    seen = _with_the_lock(asked(context).settings().settings, lambda lock: lock.look())
    hand_over((lock_json if voice is Output.JSON else lock_table)(seen))


@lock.command()
def acquire(
    context: typer.Context,
    *,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why; whoever is refused reads it.")
    ],
) -> None:
    """Let no rollout of the app begin, cron included, until `lock release`."""
    from rollout.cli.begun import whoever_runs_this  # noqa: PLC0415 - not for `--help`
    from rollout.cli.words import complain  # noqa: PLC0415
    from rollout.errors import LockHeld  # noqa: PLC0415
    from rollout.holders import Kind  # noqa: PLC0415
    from rollout.ledger import Exit  # noqa: PLC0415

    settings = asked(context).settings().settings
    holder = whoever_runs_this(Kind.HAND, reason)
    try:
        _with_the_lock(settings, lambda lock: lock.take(holder))
    except LockHeld as held:
        complain(str(held))
        raise typer.Exit(Exit.BUSY) from None
    complain(f"no rollout of {settings.app} begins now; `rollout lock release` ends that")


@lock.command()
def release(context: typer.Context) -> None:
    """Give back a lock that was taken by hand."""
    from rollout.cli.words import complain  # noqa: PLC0415 - not for `--help`
    from rollout.errors import RolloutError  # noqa: PLC0415
    from rollout.holders import Kind  # noqa: PLC0415

    settings = asked(context).settings().settings

    async def thaw(lock: "Lock") -> str:
        held = await lock.look()
        if any(one.holder.kind is not Kind.HAND for one in held):
            raise RolloutError(
                f"that is not a hold by hand: {held[0].holder}.  `rollout recover` if it is "
                "dead, `rollout lock break` if it must end"
            )
        for one in held:
            await lock.take_over(one.holder.run, one.holder)
        await lock.release()
        return str(held[0].holder) if held else ""

    by = _with_the_lock(settings, thaw)
    complain(f"given back: it was held by {by}" if by else "nobody held it")


@lock.command("break")
def break_it(context: typer.Context, *, yes: said.Yes = False) -> None:
    """Take the lock from whoever holds it, and bring back what is out because of them."""
    from rollout.cli.leftovers import agreed, nothing_left  # noqa: PLC0415 - not for `--help`
    from rollout.cli.recover import run  # noqa: PLC0415

    loaded = asked(context).settings()
    what = "Break this lock, and bring back what is out?  Whoever holds it touches nothing more."
    left = agreed(loaded.settings, what, yes=yes, force=True)
    if left is None:
        raise typer.Exit(nothing_left())
    raise typer.Exit(run(loaded, left, asked(context)))


def _with_the_lock(settings: "Settings", act: "Callable[[Lock], Awaitable[T]]") -> "T":
    import asyncio  # noqa: PLC0415 - for all of these: not for `--help`
    import signal  # noqa: PLC0415

    from rollout.claiming import lock_of  # noqa: PLC0415
    from rollout.cli.build import open_site  # noqa: PLC0415
    from rollout.cli.words import complain  # noqa: PLC0415
    from rollout.ledger import Exit  # noqa: PLC0415

    async def story() -> "T":
        task = asyncio.current_task()
        if task is not None:  # what was taken in one place is given back, as on Ctrl-C
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        async with open_site(settings) as site:
            return await act(lock_of(site))

    try:
        return asyncio.run(story())
    except asyncio.CancelledError:
        complain("ended on request; the lock is as it was")
        raise typer.Exit(Exit.TERMINATED) from None
