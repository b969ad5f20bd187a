"""A past run as it is shown: its record, and what later runs made of what it left."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rollout.history.later import LaterRun
from rollout.history.record import RunOverview, RunRecord
from rollout.history.turns import Turn
from rollout.summary.target import TargetSummary
from rollout.text.timestamps import seconds_between


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetView:
    """One target of a past run.

    Attributes:
        name: The target's.
        line: Where it stood at the end of the run.
        turns: When the run had it out of rotation.
        pids: By instance the pid before and after the restart; None where it is not known.
        later: What later runs made of it.
    """

    name: str
    line: TargetSummary
    turns: Sequence[Turn] = ()
    pids: Mapping[str, tuple[int | None, int | None]] = field(
        default_factory=dict[str, tuple[int | None, int | None]]
    )
    later: Sequence[LaterRun] = ()

    @property
    def back_by(self) -> LaterRun | None:
        """The later run that put it back into rotation."""
        return next((one for one in self.later if one.is_back), None)

    @property
    def since(self) -> str:
        """When it left rotation for the last time, in UTC; empty where it did not."""
        if self.line.standing.out and self.back_by is not None:
            return self.back_by.since
        return self.turns[-1].since if self.turns else ""

    @property
    def until(self) -> str:
        """When it was back, perhaps by a later run; empty where it is not, as far as is known."""
        if self.line.standing.out:
            return self.back_by.at if self.back_by else ""
        return self.turns[-1].until if self.turns else ""

    @property
    def seconds(self) -> float | None:
        """How long it was out, later runs included; None where it is not back, or was not out."""
        if self.line.standing.out:
            return self.back_by.seconds if self.back_by else None
        if self.line.seconds is not None:
            return self.line.seconds
        return seconds_between(self.since, self.until) if self.since and self.until else None

    @property
    def phases(self) -> Mapping[str, float]:
        """Seconds of each phase of its last turn; of older journals by the stamps of its events."""
        if self.line.phases or not self.turns:
            return self.line.phases
        spent: dict[str, float] = {}
        for span in self.turns[-1].spans:
            if span.end is not None:
                spent[span.phase] = spent.get(span.phase, 0.0) + span.end - span.begin
        return spent


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A past run, and what came of it.

    Attributes:
        record: The run.
        later: What later runs made of its targets.
        settings: Those that differed from the defaults, by dotted key, as text.
        is_alive: It has told no end, and its process is not known to be gone.
    """

    record: RunRecord
    later: Sequence[LaterRun] = ()
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    is_alive: bool = False

    @property
    def overview(self) -> RunOverview:
        """The line of the history."""
        return replace(self.record.overview, is_alive=self.is_alive)

    @property
    def targets(self) -> Iterator[TargetView]:
        """Each target that the run was about, in order."""
        record = self.record
        for name, line in record.summary.lines.items():
            turns = record.turns.get(name, ())
            yield TargetView(
                name=name,
                line=line,
                turns=turns,
                pids=_pids(record.pids_before.get(name, {}), turns),
                later=[one for one in self.later if one.target == name],
            )


def _pids(
    before: Mapping[str, int], turns: Sequence[Turn]
) -> Mapping[str, tuple[int | None, int | None]]:
    after = {instance: pid for turn in turns for instance, pid in turn.pids.items()}
    return {name: (before.get(name), after.get(name)) for name in dict.fromkeys((*before, *after))}
