"""What a run before this one left behind, as the lock and the journals tell it together."""

from collections.abc import Sequence
from dataclasses import dataclass

from rollout.model.lock_state import Kind, LockOwner, LockState, PastRun
from rollout.model.nouns import counted
from rollout.model.ownership import OwnedTarget

UNKNOWN_RUN = "unknown"
"""Stands for the run of a deploy of which only the hosts still tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfinishedRun:
    """What a run before this one left behind.

    Attributes:
        owned_targets: What it still holds.
        past: What this machine's journal knows of it; None where it ran elsewhere.
        held: The lock that is still in its name, as it was seen; None where it is not.
        certain: It runs no more: it ended by itself, or is gone from this machine.
        others: Further runs in whose names the lock is in other places.
        unreadable: The places in which it cannot be read.
        abandoned: The operator wants nothing of it to be seen to.
        claimed_by: The run that says it has seen to this one, though HAProxy shows it out still.
    """

    owner: LockOwner
    owned_targets: Sequence[OwnedTarget] = ()
    past: PastRun | None = None
    held: LockState | None = None
    certain: bool = False
    others: tuple[str, ...] = ()
    unreadable: tuple[LockState, ...] = ()
    claimed_by: str = ""
    abandoned: bool = False

    @property
    def runs(self) -> tuple[str, ...]:
        """It, those that it had taken over from, and who else has the lock in some place."""
        before = self.held.before if self.held else ()
        runs = (self.owner.run, *before, *self.others)
        return tuple(dict.fromkeys(run for run in runs if run))

    @property
    def ended(self) -> bool:
        """It came to its end by itself, and named the targets that it left out."""
        if self.held is not None and self.held.ended:
            return True
        return self.past is not None and not self.past.died


def story_of(left: UnfinishedRun) -> str:
    """Say in one sentence what became of a run: ``of ops@bastion …  died; out: web1; …``."""
    past, ended = left.past, left.held.ended if left.held else ""
    code = past.exit_code if past is not None else None
    if left.owner.kind is Kind.MANUAL:
        return f"of {left.owner}"
    if left.held is not None and left.held.unreadable:
        return f"cannot be read on {left.held.place}: {left.held.unreadable}"
    how = "died"
    if ended or code is not None:  # the lock's own words may begin so already
        how = f"ended {ended.removeprefix('ended ')}" if ended else f"ended (exit {code})"
    how = how if left.certain else "may be alive"
    out = ", ".join(h.target.name for h in left.owned_targets)
    said = f"of {left.owner.who} since {left.owner.since} {how}"
    said += f"; out because of it: {out}" if out else "; no server is out because of it"
    if past is not None and past.half_deployed and past.deploy is not None:
        how = "in place" if past.deploy.in_place else "live by `current` on some hosts"
        said += f"; release {past.deploy.release} is {how}, and no server was restarted onto it"
    if left.claimed_by and left.owned_targets:
        said += (
            f"; run {left.claimed_by} says that it has seen to it, and HAProxy shows it out still"
        )
    if past is not None and past.targets:
        done = len(past.targets) - len(past.left)
        said += f"; {done} of {counted(len(past.targets), past.targets)} restarted"
    return said


def in_doubt(rollout: str) -> str:
    """Say what to type where a server is out and two records differ about why."""
    return (
        f"if a person has put it there: `{rollout} recover --abandon` leaves it; if not: "
        f"`{rollout} recover --anyway` brings it back"
    )
