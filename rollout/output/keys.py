"""The last line of the live screen: what Ctrl-C does now."""

from collections.abc import Sequence

from rich.text import Text

from rollout.output.deploy_sentences import some
from rollout.output.parts import BUSY, DIM, GAP, Piece, first_that_fits
from rollout.output.report.counts import verb
from rollout.output.view import View
from rollout.summary.deploy import Phase
from rollout.text.elapsed import in_words
from rollout.text.sanitize import sanitize

SOME = 2
"""Targets named in the line; of more it is enough to know how many."""

SIGNALS = frozenset({"Ctrl-C", "SIGTERM"})
"""By which a second one ends the run at once; a stop that another shell asked for is none."""


def keys(view: View, columns: int) -> list[Text]:
    """Say what a first Ctrl-C does, or after it what a second one does."""
    if view.ends and (view.over or not view.rolling_back):
        return []
    if view.summary.stop:
        return [first_that_fits(_stopping(view), columns)]
    if view.summary.paused:
        return [first_that_fits(_paused(view), columns)]
    once, twice = _finish(view) or _nothing_out(view), _stays(view)
    versions: list[list[Piece]] = [
        [(f"Ctrl-C: {once}{GAP}Ctrl-C twice: stop now{twice}", DIM)],
        [(f"^C {once}{GAP}^C^C stop now{twice}", DIM)],
        [(f"^C {once}{GAP}^C^C now{twice.removesuffix(' of rotation')}", DIM)],
        [(f"^C {once}{GAP}^C^C now", DIM)],
        [(f"^C {once}", DIM)],
    ]
    return [first_that_fits(versions, columns)]


def _finish(view: View) -> str:
    """Say which targets a stop sees through, and which it puts back; empty where none is out."""
    back = view.expectation.put_back_by_a_stop()
    through = [name for name in view.on_the_way() if name not in back]
    parts = [f"finish {_named(through)}"] if through else []
    parts += [f"put {_named(back)} back"] if back else []
    what = "stop the rollback" if view.rolling_back else "stop"
    return f"{', '.join(parts)}, then {what}" if parts else ""


def _nothing_out(view: View) -> str:
    deploy = view.summary.deploy
    if deploy.phase is Phase.PREPARING:
        return "stop, and undo the release"
    what = "stop the rollback" if view.rolling_back else "stop"
    if out := view.summary.out:
        return f"{what}, {_named(out)} {verb(len(out), 'stays', 'stay')} out of rotation"
    if not view.summary.touched:
        return "stop, nothing was changed"
    return f"{what}, no host is out of rotation"


def _stays(view: View) -> str:
    """Say what a second Ctrl-C leaves out of rotation, or undone."""
    out = [name for name in view.on_the_way() if view.summary.lines[name].standing.out]
    if out:
        return f", {_named(out)} {verb(len(out), 'stays', 'stay')} out of rotation"
    return ", undo nothing" if view.summary.deploy.phase is Phase.PREPARING else ""


def _paused(view: View) -> list[list[Piece]]:
    """Say what goes on although the run is paused, and what ends the pause."""
    by, through = sanitize(view.summary.paused), _finish(view).partition(", then stop")[0]
    ends = view.progress.answer_by
    halts = f" Halts in {in_words(max(0.0, ends - view.now))}." if ends is not None else ""
    if view.progress.question:
        return [
            [(f"The canary serves. Go on with the others? y or n, then Enter.{halts}", BUSY)],
            [(f"Go on? y or n, then Enter.{halts}", BUSY)],
        ]
    goes = f"Paused by {by}{f': {through} first' if through else ''}."
    return [
        [(f"{goes} `rollout continue` goes on. Ctrl-C: stop.{halts}", BUSY)],
        [(f"Paused. `rollout continue` goes on. ^C: stop.{halts}", BUSY)],
        [("Paused: `rollout continue` goes on", BUSY)],
    ]


def _stopping(view: View) -> list[list[Piece]]:
    """Say what is done before the run stops, how long that takes, and what a second one does."""
    by, is_signal = sanitize(view.summary.stop), view.summary.stop in SIGNALS
    first = _finish(view).partition(", then stop")[0] or "the run ends at its next step"
    left = view.expectation.seconds_left()
    about = f" (about {in_words(left)})" if left is not None and left >= 1 else ""
    again, short = (f"{by} again", "^C again") if is_signal else ("Ctrl-C twice", "^C^C")
    long, twice = f"Stopping ({by}): {first}{about}.", f"{again}: stop now{_stays(view)}."
    return [
        [(f"{long} {twice}", BUSY)],
        [(f"Stopping: {first}{about}. {twice}", BUSY)],
        [(f"Stopping: {first}{about}. {short}: now{_stays(view)}", BUSY)],
        [(f"Stopping: {first}. {short}: now{_stays(view).removesuffix(' of rotation')}", BUSY)],
        [(f"Stopping: {first}{about}", BUSY)],
    ]


def _named(names: Sequence[str]) -> str:
    return sanitize(some(names, SOME))
