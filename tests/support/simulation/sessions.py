"""A run that has begun its journal, for the scenarios in which it asks for the lock."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rollout.model.lock_state import LockOwner, PastRun
from tests.support.left_out import BOB
from tests.support.simulation.fakes import FakeJournal
from tests.support.simulation.world import World


@dataclass
class FakeHistory:
    """Satisfies :class:`rollout.ports.ownership.RunHistory`."""

    runs: list[PastRun] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    rebooted: set[str] = field(default_factory=set)
    settled: dict[str, str] = field(default_factory=dict)

    def open_runs(self) -> Sequence[PastRun]:
        return tuple(past for past in self.runs if past.run not in self.settled)

    def find(self, run: str) -> PastRun | None:
        return next((past for past in self.open_runs() if past.run == run), None)

    def last(self) -> PastRun | None:
        return self.runs[-1] if self.runs else None

    def settle(self, run: str, by: str) -> None:
        self.settled[run] = by

    def is_gone(self, owner: LockOwner) -> bool:
        return owner.run in self.gone

    def is_of_an_earlier_boot(self, owner: LockOwner) -> bool:
        return owner.run in self.rebooted


@dataclass
class FakeRun:
    """Satisfies :class:`rollout.ports.ownership.NewRun`: a run of Bob's."""

    journal: FakeJournal
    history: FakeHistory = field(default_factory=FakeHistory)
    owner: LockOwner = BOB


def new_run(world: World, history: FakeHistory | None = None) -> FakeRun:
    return FakeRun(FakeJournal(world), history or FakeHistory())
