"""Weights and agents that an operator sets while we hold a server: left so, and said."""

from collections.abc import Mapping
from dataclasses import replace

from rollout.model.fleet import AdminState, ProcessMark, Seat, SeatState
from rollout.restart.server_changes import is_others_weight


class SettingsWatch:
    """Compares each look at a server with the one before, of the same HAProxy process."""

    def __init__(self) -> None:
        self._seen: dict[Seat, tuple[ProcessMark, SeatState]] = {}

    def see(
        self, found: SeatState, row: SeatState, mark: ProcessMark
    ) -> tuple[SeatState, list[str]]:
        """Look at a server that was ``found`` so and is ``row`` now.

        Returns:
            How it is to be given back from now on, and what to say of that.
        """
        last = self._seen.get(row.seat)
        before = last[1] if last and last[0] == mark else None
        self._seen[row.seat] = (mark, row)
        said = []
        if is_others_weight(found, before, row):
            said.append(f"{row.seat} was given weight {row.weight} by somebody else: left so")
            found = replace(found, weight=row.weight)
        if before is not None and row.agent and not before.agent:
            found = replace(found, agent=True)
        return found, said


def awake_agents(
    wanted: Mapping[Seat, AdminState], rows: Mapping[Seat, SeatState], seats: tuple[Seat, ...]
) -> list[Seat]:
    """List seats whose agent speaks, and would undo what they were told."""
    held = [seat for seat in seats if wanted.get(seat, AdminState.READY) is not AdminState.READY]
    return [seat for seat in held if seat in rows and rows[seat].agent]
