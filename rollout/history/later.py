"""What later runs made of the targets that a run left out of rotation, or did not restart."""

from collections.abc import Iterable
from dataclasses import dataclass

from rollout.history.record import RunRecord
from rollout.history.turns import Turn
from rollout.summary.target import SEEN_THROUGH, TargetPhase
from rollout.text.timestamps import seconds_between

BACK = SEEN_THROUGH | {TargetPhase.GIVEN_BACK}
"""Where a target stands that serves again at the end of a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterRun:
    """What one later run made of one target.

    Attributes:
        target: The target's name.
        run: The later run.
        at: When the target was back in rotation, in UTC; empty where that was not written down.
        since: When it had left rotation, in UTC, as the run that put it back knew it; empty where
            it was not out, or that is not known.
        is_back: It was out because of the run before, and serves again.
        is_restarted: It has come through its restart.
        is_left_to_others: It was found to be held out from outside, and not touched any more.
        seconds: How long it was out in all; None where it was not out, or that is not known.
    """

    target: str
    run: str
    at: str
    since: str = ""
    is_back: bool = False
    is_restarted: bool = False
    is_left_to_others: bool = False
    seconds: float | None = None


def unfinished_targets(record: RunRecord) -> frozenset[str]:
    """Name the targets of which a later run may tell more: left out, or not restarted."""
    settled = {TargetPhase.DONE, TargetPhase.SKIPPED}
    lines = record.summary.lines.items()
    return frozenset(name for name, line in lines if line.standing not in settled)


def later_runs(record: RunRecord, after: Iterable[RunRecord]) -> tuple[LaterRun, ...]:
    """Find for each target that ``record`` left out, or did not restart, what became of it.

    Args:
        record: The run.
        after: The runs that began after it, the oldest first; no more are asked for than needed.
    """
    out = {name: _since(record, name) for name in record.summary.out}
    waiting = {*unfinished_targets(record)}
    found: list[LaterRun] = []
    for later in after if waiting else ():
        for name in sorted(waiting & later.summary.lines.keys()):
            act = _act_of(later, name, out)
            if act is not None:
                found.append(act)
            if act is not None and act.is_back:
                del out[name]
            if act is not None and (act.is_restarted or act.is_left_to_others):
                out.pop(name, None)
                waiting.discard(name)
        if not waiting:
            break
    return tuple(found)


def _act_of(later: RunRecord, name: str, out: dict[str, str]) -> LaterRun | None:
    line = later.summary.lines[name]
    last = turns[-1] if (turns := later.turns.get(name)) else None
    if name in out and line.standing is TargetPhase.SKIPPED and later.summary.recovery:
        return LaterRun(target=name, run=later.run, at="", is_left_to_others=True)
    back = name in out and line.standing in BACK
    restarted = line.standing is TargetPhase.DONE and not _was_done_before(later, name)
    if not back and not restarted:
        return None
    at = last.until if last is not None else ""
    since = _known_by(turns or ()) or out[name] if back else ""
    return LaterRun(
        target=name,
        run=later.run,
        at=at,
        since=since,
        is_back=back,
        is_restarted=restarted,
        seconds=_out_for(since, at, turns or ()) if back else None,
    )


def _was_done_before(later: RunRecord, name: str) -> bool:
    """Tell whether a resumed run only lists what the run before it had restarted."""
    return bool(later.summary.resumed) and not later.turns.get(name)


def _since(record: RunRecord, name: str) -> str:
    turns = record.turns.get(name)
    return turns[-1].since if turns else ""


def _known_by(turns: tuple[Turn, ...]) -> str:
    """Return since when a target was out as the run that took it up says, by the record.

    That is right before a load balancer was first told; a run that died may have told less exactly.
    """
    return turns[0].since if turns and turns[0].adopted else ""


def _out_for(since: str, until: str, turns: tuple[Turn, ...]) -> float | None:
    """Return how long a target was out, from the run that took it to the one that put it back.

    A run that puts it back and takes it out once more has two turns: the first one ends the time.
    """
    ends = [turn.until for turn in turns if turn.until]
    return seconds_between(since, ends[0] if ends else until)
