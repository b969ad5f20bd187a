"""Weights and agents that an operator sets while we hold a server: left so, and said."""

from collections.abc import Mapping
from dataclasses import replace

from rollout.model.fleet import AdminState, HaproxyProcess, Server, ServerState
from rollout.restart.server_changes import is_others_weight


class OperatorChanges:
    """Compares each look at a server with the one before, of the same HAProxy process."""

    def __init__(self) -> None:
        self._seen: dict[Server, tuple[HaproxyProcess, ServerState]] = {}

    def see(
        self, found: ServerState, row: ServerState, mark: HaproxyProcess
    ) -> tuple[ServerState, list[str]]:
        """Look at a server that was ``found`` so and is ``row`` now.

        Returns:
            How it is to be given back from now on, and what to say of that.
        """
        last = self._seen.get(row.server)
        before = last[1] if last and last[0] == mark else None
        self._seen[row.server] = (mark, row)
        said = []
        if is_others_weight(found, before, row):
            said.append(f"{row.server} was given weight {row.weight} from outside: left so")
            found = replace(found, weight=row.weight)
        if before is not None and row.agent and not before.agent:
            found = replace(found, agent=True)
        return found, said


def awake_agents(
    wanted: Mapping[Server, AdminState],
    rows: Mapping[Server, ServerState],
    servers: tuple[Server, ...],
) -> list[Server]:
    """List servers whose agent speaks, and would undo what they were told."""
    held = [
        server for server in servers if wanted.get(server, AdminState.READY) is not AdminState.READY
    ]
    return [server for server in held if server in rows and rows[server].agent]
