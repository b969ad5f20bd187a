"""What a run holds: targets as they were found, what was told since, who was asked to restart.

A holding is written down before the act that makes it true, so it is never behind the world, and at
most one act ahead of it.  Whoever finds it after a crash can tell what is ours from what somebody
has changed since.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from rollout.model.conditions import out_of_rotation, serving, shows
from rollout.model.fleet import AdminState, Birth, Seat, SeatState, Target


@dataclass(frozen=True, slots=True)
class Owned:
    """One seat as it was found before the first change, so that it can be given back so.

    ``status`` is HAProxy's own word for how it was (``UP``, ``no check``, ``DOWN``).  A line of
    this name at another ``address`` and ``port`` is another server; empty where not known.
    """

    seat: Seat
    weight: int
    agent: bool
    status: str = "UP"
    address: str = ""
    port: int = 0

    @classmethod
    def of(cls, row: SeatState) -> "Owned":
        return cls(row.seat, row.weight, row.agent, row.status, row.address, row.port)

    def over(self, row: SeatState) -> SeatState:
        """Say of a seat that was taken up again how it was found before all.

        A weight that is neither what it was nor what the file says (a reload) is somebody's wish.
        """
        theirs = row.weight not in {self.weight, row.initial_weight}
        weight = row.weight if theirs else self.weight
        found = replace(row, weight=weight, agent=self.agent, status=self.status)
        return replace(found, address=self.address, port=self.port) if self.address else found


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One target that is ours until it was seen serving as found.

    Attributes:
        found: Each seat before the first change.
        told: By seat the states that it can be in because of us: the last one that was seen, and
            those it was told, or was about to be told, since; none where somebody else has it.
        asked: The instances that were, or were about to be, asked to restart, with the process
            that each of them had.
        release: What they must be seen to run in once they were restarted; empty for a restart.
        relinked: ``current`` of the host may lead to ``release`` already, though nobody was asked.
        returning: It was being made ready: it had been proven, or was never asked to restart.
    """

    target: Target
    found: tuple[Owned, ...]
    told: Mapping[Seat, tuple[AdminState, ...]] = field(default_factory=dict)
    asked: Mapping[str, Birth | None] = field(default_factory=dict)
    release: str = ""
    relinked: bool = False
    returning: bool = False

    def told_too(
        self, told: Mapping[Seat, tuple[AdminState, ...]], *, returning: bool
    ) -> "Holding":
        return replace(self, told={**self.told, **told}, returning=returning)

    def asked_too(self, before: Mapping[str, Birth | None], release: str) -> "Holding":
        return replace(self, asked={**self.asked, **before}, release=release)

    def with_lines(self, target: Target, found: tuple[Owned, ...]) -> "Holding":
        """Return it with the seats that the target has by now."""
        told = {seat: states for seat, states in self.told.items() if seat in target.seats}
        return replace(self, target=target, found=found, told=told)

    def ours(self, now: SeatState) -> AdminState | None:
        """Name the state that a seat is in if it can be in it because of us.

        What was not told anything yet is as it was found.
        """
        could_be = self.told.get(now.seat, (AdminState.READY,))
        return next((state for state in could_be if shows(now, state)), None)

    def may_be_ours(self, now: SeatState) -> bool:
        """Judge whether a seat may still be as we left it, or is in rotation without our proof."""
        return self.is_unproven(now) or self.ours(now) is not None

    def is_unproven(self, now: SeatState | None) -> bool:
        """Judge whether a seat is in rotation without our proof, as a reload can leave it."""
        if now is None or not self.asked:
            return False
        return not out_of_rotation(now) and not serving(now).settled
