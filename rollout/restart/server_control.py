"""What a run knows of one server that it controls: how it was found, and what it was told since."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from rollout.model.conditions import has_admin_state
from rollout.model.fleet import AdminState, Server, ServerState


@dataclass(slots=True)
class ServerControl:
    """One server, from the first look at it until it is back.

    Attributes:
        found: How it was before the first change, and so how it is given back.
        wanted: The state that it was told last; None before the first.
        ordered: ``wanted`` was ordered, so that a reload may have undone it.
        could_be: The states that HAProxy may show, while an answer may have been lost.
        lost: What a change from outside has made of it; None while it is ours.
    """

    found: ServerState
    wanted: AdminState | None = None
    ordered: bool = True
    could_be: tuple[AdminState, ...] = (AdminState.READY,)
    lost: AdminState | None = None

    @property
    def is_held(self) -> bool:
        """Whether it is ours, and was told a state."""
        return self.lost is None and self.wanted is not None

    def own(self, state: AdminState, *, ordered: bool = True) -> None:
        """Take it for ours as it stands, in ``state``, which was ``ordered`` or only found."""
        self.lost, self.wanted, self.could_be = None, state, (state,)
        self.ordered = ordered

    def order(self, state: AdminState) -> None:
        """``state`` is to be told."""
        self.wanted, self.ordered = state, True

    def expect(self, state: AdminState) -> None:
        """``state`` is about to be told, and may be seen from now on."""
        self.could_be = tuple(dict.fromkeys((*self.could_be, state)))

    def obeys(self, row: ServerState) -> bool:
        """Whether ``row`` is as it was told; from then on it can be nothing else."""
        if self.wanted is None or not has_admin_state(row, self.wanted):
            return False
        self.could_be = (self.wanted,)
        return True

    def missed_order(self, row: ServerState) -> bool:
        """Whether our last order never got through: ``row`` is as it could be before that."""
        return (
            self.wanted is not None
            and not has_admin_state(row, self.wanted)
            and any(has_admin_state(row, state) for state in self.could_be)
        )


class ControlledServers(dict[Server, ServerControl]):
    """The servers of one target that a run controls, in the order in which they were found."""

    @classmethod
    def of(cls, rows: Mapping[Server, ServerState]) -> Self:
        """Begin with servers that were told nothing yet."""
        return cls({server: ServerControl(row) for server, row in rows.items()})

    @property
    def found(self) -> dict[Server, ServerState]:
        """Each server before the first change."""
        return {server: one.found for server, one in self.items()}

    @property
    def lost(self) -> dict[Server, AdminState]:
        """The servers that were changed from outside, with what was made of them."""
        return {server: one.lost for server, one in self.items() if one.lost is not None}

    @property
    def wanted(self) -> dict[Server, AdminState]:
        """The state of each server that was told one."""
        return {server: one.wanted for server, one in self.items() if one.wanted is not None}

    @property
    def in_maint(self) -> list[Server]:
        """The servers that are ours and were told to be in maint."""
        return [s for s, one in self.items() if one.is_held and one.wanted is AdminState.MAINT]

    def held(self, rows: Mapping[Server, ServerState]) -> list[tuple[Server, ServerControl]]:
        """List the servers of ``rows`` that are ours and were told a state."""
        return [(server, one) for server, one in self.items() if server in rows and one.is_held]
