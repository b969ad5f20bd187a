"""All that the live screen is drawn from: a value, so that a screen is a function of it."""

from dataclasses import dataclass, field

from rollout.model.usual_times import UsualTimes
from rollout.summary.deploy import Phase
from rollout.summary.expected import ON_THE_WAY, Expectation
from rollout.summary.progress import Progress, Turn
from rollout.summary.run import RunSummary
from rollout.summary.target import TargetPhase, TargetSummary

OUT_AND_FAILED = frozenset({TargetPhase.LEFT_OUT, TargetPhase.DOWN})
OLD = 10.0
"""Seconds after which what was read is called old."""
OLD_IN_LONG_RUNS = 60.0
"""In an hour readings come every 6 s: numbers are old after this share of the run's age as well."""
OLD_OF_MANY = 0.5
"""Seconds for each backend: of 100 of them readings come every 5 s."""
FAILED = OUT_AND_FAILED | {TargetPhase.GIVEN_BACK, TargetPhase.NOT_TAKEN}


@dataclass(frozen=True, slots=True)
class View:
    """What is known when the screen is drawn.

    Attributes:
        summary: Where every target and the run stand.
        progress: The clocks.
        usual: What earlier runs took.
        now: Seconds since the run began.
        run: Its id, or empty.
        meanwhile: What goes on until there is a target or a release to be shown.
        over: The run has ended: nothing is awaited any more.
        rows: Each target has a row; not where the summary below has them, with the cause.
    """

    summary: RunSummary = field(default_factory=RunSummary)
    progress: Progress = field(default_factory=Progress)
    usual: UsualTimes = field(default_factory=UsualTimes)
    now: float = 0.0
    run: str = ""
    meanwhile: str = ""
    over: bool = False
    rows: bool = True

    @property
    def expectation(self) -> Expectation:
        return Expectation(self.summary, self.progress, self.usual, self.now)

    @property
    def ends(self) -> bool:
        """Nothing new is started any more."""
        summary = self.summary
        undone = summary.deploy.phase.undone
        stopped = bool(summary.halted or summary.interrupted)
        return self.over or summary.finished or stopped or undone

    @property
    def goes_back(self) -> bool:
        """The run goes back, or went back, to the release before."""
        return self.summary.deploy.phase in {Phase.ROLLING_BACK, Phase.ROLLED_BACK}

    @property
    def rolling_back(self) -> bool:
        """A rollback is under way, after the halt that led to it."""
        return self.summary.deploy.phase is Phase.ROLLING_BACK and not self.summary.interrupted

    def is_back(self, line: TargetSummary) -> bool:
        """Tell whether a target was seen to run another release than the one that is taken back."""
        return bool(line.release) and line.release != self.summary.deploy.release

    def turn(self, name: str) -> Turn | None:
        return self.progress.turns.get(name)

    def age_if_old(self, read: float) -> float | None:
        """Return how old a reading of that time is; None where the next one is not overdue."""
        age = self.now - read
        many = len(self.summary.impact.backends) * OLD_OF_MANY if self.summary.impact else 0.0
        return age if age > max(OLD, self.now / OLD_IN_LONG_RUNS, many) else None

    def served_ago(self, name: str) -> float | None:
        """Return how long ago a target that is back was last known to serve; None where it does.

        The end of a run has looked at all of them.
        """
        served = self.progress.served.when(name)
        if served is None or (self.over and not self.summary.unseen):
            return None
        return self.age_if_old(served)

    def on_the_way(self) -> tuple[str, ...]:
        """Name the targets that are out, or watched after their return."""
        lines = self.summary.lines.items()
        return tuple(name for name, line in lines if line.standing in ON_THE_WAY)

    def next_up(self) -> str:
        """Name the target that goes next; empty where none does."""
        to_come = () if self.ends and not self.rolling_back else self.expectation.to_come()
        return to_come[0] if to_come else ""

    def out_for(self, name: str, line: TargetSummary) -> float | None:
        """Return how long a target is, or was, out of rotation; None where it was not."""
        if line.seconds is not None and line.standing not in OUT_AND_FAILED:
            return line.seconds
        if (turn := self.turn(name)) is not None:
            return (self.now if turn.back is None else turn.back) - turn.began
        return line.seconds
