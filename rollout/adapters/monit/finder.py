"""Finds out how monit is called on a host, what it watches, and in which groups."""

from collections.abc import Mapping, Sequence

from rollout.adapters.monit.supervisor import MonitOptions, MonitSupervisor
from rollout.model.errors import RolloutError, SupervisorError
from rollout.ports.commands import InThread, RunCommand
from rollout.ports.discovery import SupervisedHost

COMMANDS = ("monit", "sudo -n monit")
"""In this order: root needs no sudo, and a monit without sudo can be asked by its own login."""

NO_GROUP = "rollout-asks-for-no-group"
"""A monit that shows processes for a group of this name does not honour groups (before 5.14)."""

MOST_GROUPS = 6


class MonitFinder:
    """Satisfies :class:`rollout.ports.discovery.SupervisorFinder`.  It asks for nothing but looks.

    Args:
        run: Runs a command on a host.
        in_thread: Where that may block.
        section: The section of the settings that is about monit.
    """

    name = "monit"

    def __init__(self, run: RunCommand, in_thread: InThread, section: str) -> None:
        self._run = run
        self._in_thread = in_thread
        self.section = section

    async def look(self, host: str) -> SupervisedHost:
        """Try monit as the login itself, then by sudo.

        Raises:
            SupervisorError: neither gave an answer; the last one's reason and fix.
            RemoteError: ssh failed.
        """
        for command in COMMANDS:
            try:
                states = await self._asked(command).look(host)
            except SupervisorError as error:
                refused = error
            else:
                return SupervisedHost(command=command, states=states)
        raise refused

    async def groups(
        self, host: str, command: str, names: Sequence[str]
    ) -> Mapping[str, frozenset[str]]:
        """Ask for each of ``names`` as a group; what is none, or cannot be asked, is left out.

        Where sudo refuses one such question, no other is asked: each is noted in the host's log.
        """
        found: dict[str, frozenset[str]] = {}
        for name in (NO_GROUP, *names[:MOST_GROUPS]):
            try:
                states = await self._asked(command, name).look(host)
            except SupervisorError as error:
                if "visudo" in error.fix:
                    return {}
            except RolloutError:
                return {}
            else:
                if name == NO_GROUP:
                    return {}
                found[name] = frozenset(state.name for state in states)
        return {name: members for name, members in found.items() if members}

    def _asked(self, command: str, group: str = "") -> MonitSupervisor:
        options = MonitOptions(command=command, group=group)
        return MonitSupervisor(self._run, options, self._in_thread)
