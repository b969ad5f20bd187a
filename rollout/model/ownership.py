"""What a run owns: targets as they were found, the states ordered since, the restarts asked for.

An owned target is written down before the act that makes it true, so the record is never behind
the world, and at most one act ahead of it.  A run that finds it after a crash can tell what is ours
from what was changed from outside since.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from rollout.model.conditions import has_admin_state, out_of_rotation, serving
from rollout.model.fleet import AdminState, ProcessIdentity, Server, ServerState, Target


@dataclass(frozen=True, slots=True)
class ServerSnapshot:
    """One server as it was found before the first change, so that it can be given back so.

    ``status`` is HAProxy's own word for how it was (``UP``, ``no check``, ``DOWN``).  A line of
    this name at another ``address`` and ``port`` is another server; empty where not known.
    """

    server: Server
    weight: int
    agent: bool
    status: str = "UP"
    address: str = ""
    port: int = 0

    @classmethod
    def of(cls, row: ServerState) -> "ServerSnapshot":
        return cls(row.server, row.weight, row.agent, row.status, row.address, row.port)

    def over(self, row: ServerState) -> ServerState:
        """Say of a server that was taken up again how it was found before all.

        A weight that is neither what it was nor what the file says (a reload) is an operator's.
        """
        theirs = row.weight not in {self.weight, row.initial_weight}
        weight = row.weight if theirs else self.weight
        found = replace(row, weight=weight, agent=self.agent, status=self.status)
        return replace(found, address=self.address, port=self.port) if self.address else found


@dataclass(frozen=True, slots=True)
class Silence:
    """The monitoring of a target is silent because of us, or is about to be.

    Attributes:
        run: The run that began the silence.
        number: What the operator's command printed about it; empty until it has ended.
    """

    run: str
    number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedTarget:
    """One target that is ours until it was seen serving as found.

    Attributes:
        found: Each server before the first change.
        possible_states: By server the states that it can be in because of us: the last one that was
            seen, and those that we have ordered, or were about to order, since; none where it
            was changed from outside.
        asked: The instances that were, or were about to be, asked to restart, with the process
            that each of them had.
        release: What they must be seen to run in once they were restarted; empty for a restart.
        relinked: ``current`` of the host may lead to ``release``, though no restart was asked for.
        returning: It was being made ready: it had been proven, or was never asked to restart.
        since: When it was taken out, in UTC: right before a load balancer was first told so;
            empty where that was not written down.
        silence: The silence of its monitoring that must be ended; None where there is none.
    """

    target: Target
    found: tuple[ServerSnapshot, ...]
    possible_states: Mapping[Server, tuple[AdminState, ...]] = field(default_factory=dict)
    asked: Mapping[str, ProcessIdentity | None] = field(default_factory=dict)
    release: str = ""
    relinked: bool = False
    returning: bool = False
    since: str = field(default="", compare=False)
    silence: Silence | None = None

    @property
    def was_told(self) -> bool:
        """Whether a load balancer may have been told anything: else it has served all the time."""
        return bool(self.possible_states)

    def told_too(
        self, told: Mapping[Server, tuple[AdminState, ...]], *, returning: bool
    ) -> "OwnedTarget":
        return replace(self, possible_states={**self.possible_states, **told}, returning=returning)

    def asked_too(
        self, before: Mapping[str, ProcessIdentity | None], release: str
    ) -> "OwnedTarget":
        return replace(self, asked={**self.asked, **before}, release=release)

    def with_lines(self, target: Target, found: tuple[ServerSnapshot, ...]) -> "OwnedTarget":
        """Return it with the servers that the target has by now."""
        told = {
            server: states
            for server, states in self.possible_states.items()
            if server in target.servers
        }
        return replace(self, target=target, found=found, possible_states=told)

    def ours(self, now: ServerState) -> AdminState | None:
        """Name the state that a server is in if it can be in it because of us.

        What was not told anything yet is as it was found.
        """
        could_be = self.possible_states.get(now.server, (AdminState.READY,))
        return next((state for state in could_be if has_admin_state(now, state)), None)

    def may_be_ours(self, now: ServerState) -> bool:
        """Judge whether a server may be as we left it, or is in rotation without our proof."""
        return self.is_unproven(now) or self.ours(now) is not None

    def is_unproven(self, now: ServerState | None) -> bool:
        """Judge whether a server is in rotation without our proof, as a reload can leave it."""
        if now is None or not self.asked:
            return False
        return not out_of_rotation(now) and not serving(now).met
