"""Monit on the hosts: one ssh command per conversation, and never a request sent twice.

``monit status`` says which process monit watches; ``/proc`` says when that process was born.
Read in the same command, the two make evidence that a pid alone is not.
"""

import re
import shlex
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from rollout.adapters.monit import commands
from rollout.adapters.monit.diagnosis import diagnose
from rollout.adapters.monit.preflight import findings_in
from rollout.adapters.monit.proc_parser import Processes
from rollout.adapters.monit.process_trees import InstanceProcesses
from rollout.adapters.monit.profile import MONIT
from rollout.adapters.monit.responses import confirm_asked, parse_look, split_response
from rollout.adapters.monit.status_parser import ServiceBlock, Version, parse_version, port_of
from rollout.adapters.monit.sudoers import Invocation, sudoers_line
from rollout.adapters.monit.translate_states import instance_state
from rollout.adapters.ssh.errors import SshError
from rollout.model.errors import RestartRefused, SettingsError, SupervisorError
from rollout.model.fleet import Finding, Instance, InstanceState, ProcessIdentity
from rollout.model.supervisor import SupervisorProfile
from rollout.ports.commands import InThread, RunCommand

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitOptions:
    """What the operator says about monit.

    Attributes:
        command: How monit is called on a host; split as a shell would, nothing expanded.
        group: Keep to this group of monit's, where the version can (5.14 on); empty: all.
        match: Our instances are the processes whose whole name this matches.
        instances: How many there must be on each host; None: whatever is there.
        ports: Port by instance name, where the digits that end the name do not say it.
        look_timeout: Seconds for one look.  Monit itself gives up on a daemon after 5.
        restart_timeout: Seconds for the request, which monit answers before it begins the work.
        ssh: How ssh is typed to reach a host as we do; for what an operator is told to type.
    """

    command: str = "sudo -n monit"
    group: str = ""
    match: str = ".*"
    instances: int | None = None
    ports: Mapping[str, int] = field(default_factory=dict[str, int])
    look_timeout: float = 10.0
    restart_timeout: float = 30.0
    ssh: str = "ssh"

    def __post_init__(self) -> None:
        problems = []
        try:
            if not shlex.split(self.command):
                problems.append("monit.command: is empty")
        except ValueError as error:
            problems.append(f"monit.command: {error}")
        try:
            re.compile(self.match)
        except re.error as error:
            problems.append(f"monit.match: {error}")
        if problems:
            raise SettingsError(problems)

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(shlex.split(self.command))

    def ours(self, blocks: Sequence[ServiceBlock]) -> tuple[ServiceBlock, ...]:
        """Pick our instances: processes, and the whole name matches."""
        whole = re.compile(self.match)
        return tuple(b for b in blocks if b.kind == "Process" and whole.fullmatch(b.name))

    def sudoers_line(self, login: str) -> str:
        """Return the line that lets ``login`` do what is typed on a host; empty without sudo."""
        caller = Invocation(self.command, self.group, user=login, match=self.match)
        return sudoers_line(caller)

    def port(self, name: str) -> int:
        """Return the port of an instance; 0 when it is not known."""
        return self.ports.get(name) or port_of(name)


class MonitSupervisor:
    """Satisfies :class:`rollout.ports.site.Supervisor` for every host that ``run`` reaches."""

    def __init__(self, run: RunCommand, options: MonitOptions, in_thread: InThread) -> None:
        self._run = run
        self._options = options
        self._in_thread = in_thread
        self._caller = Invocation(
            options.command, options.group, match=options.match, ssh=options.ssh
        )
        self._versions: dict[str, Version] = {}
        self._shown: dict[str, frozenset[int]] = {}
        self._trees: dict[str, dict[str, InstanceProcesses]] = {}  # as the last look saw them
        self._old: dict[
            str, dict[str, InstanceProcesses]
        ] = {}  # right before a restart was asked for
        self._births: dict[str, dict[str, ProcessIdentity | None]] = {}  # as the last look saw them
        self._replaced: defaultdict[tuple[str, str], list[ProcessIdentity | None]] = defaultdict(
            list
        )

    @property
    def profile(self) -> SupervisorProfile:
        """How monit is called and works."""
        return MONIT

    def look_command(self, host: str) -> str:
        """Return what an operator types here to see the instances of ``host``."""
        options = self._options
        return f"{options.ssh} {shlex.quote(host)} {options.command} status"

    async def look(self, host: str) -> tuple[InstanceState, ...]:
        """Read our instances on ``host``, with the births of their processes, in print order.

        Raises:
            SupervisorError: monit or sudo said no, or what was said cannot be read.
            RemoteError: ssh failed.
        """
        return await self._ask(lambda: self._states(host))

    async def restart(self, host: str, instances: Sequence[Instance]) -> None:
        """Ask monit to restart ``instances``, all at once.  Never repeated, whatever happens.

        Monit answers when the request is queued, before any work; what becomes of it is only
        to be seen by looking.  One that it has given up and that is down is started (measured with
        5.33).

        Raises:
            RestartRefused: certainly nothing was asked.
            SupervisorError: something may have been asked.
            RemoteError: ssh failed; something may have been asked.
        """
        names = list(dict.fromkeys(instance.name for instance in instances))
        if names:
            await self._ask(lambda: self._restart(host, names))

    async def _ask(self, act: Callable[[], T]) -> T:
        try:
            return await self._in_thread(act)
        except SupervisorError as error:
            if error.fix.startswith("ssh "):  # as it is typed with the ssh of the settings
                error.fix = f"{self._options.ssh}{error.fix.removeprefix('ssh')}"
            raise

    async def examine(self, host: str) -> tuple[Finding, ...]:
        """Say what would keep a restart from working on ``host``, each with its fix.

        Raises:
            RemoteError: ssh failed; that is not for monit to explain.
        """
        try:
            states = await self.look(host)
        except SupervisorError as error:
            return (Finding(host, error.what, error.fix),)
        options = self._options
        return findings_in(
            host, states, options.command, options.match, options.instances, options.ssh
        )

    def _states(self, host: str) -> tuple[InstanceState, ...]:
        script = commands.look(self._typed(host), self._query(host))
        said = self._run(host, script, timeout=self._options.look_timeout)
        blocks, processes = parse_look(host, split_response(host, said, self._caller))
        shown_before = self._shown.get(host, frozenset())
        self._shown[host] = shown_before | processes.started.keys()
        ours = self._options.ours(blocks)
        trees = {
            b.name: InstanceProcesses.of(b.pid, self._options.port(b.name), processes) for b in ours
        }
        self._trees[host] = trees
        old = self._old.get(host, {})
        states = []
        for block in ours:
            tree = trees[block.name]
            found = processes.process(block.pid, shown_before)
            process = found and replace(found, tree=tree.written())
            replaced = self._replaced[host, block.name]
            outgoing = process is not None and process in replaced
            state = replace(
                instance_state(block, process),
                up_since=processes.up_since(process),
                port=tree.port,
                requests=len(replaced),
                outgoing=outgoing,
            )
            states.append(_with_survivors(state, old.get(block.name), tree, processes))
        self._births[host] = {state.name: state.process for state in states}
        return tuple(states)

    def _query(self, host: str) -> commands.ProcessQuery:
        """Ask for what the looks before this one made worth knowing."""
        trees, old = self._trees.get(host, {}), self._old.get(host, {})
        ports = sorted({tree.port for tree in (*trees.values(), *old.values()) if tree.port})
        pids = sorted({pid for tree in old.values() for pid in tree.started})
        sockets = sorted({one for tree in old.values() for one in tree.sockets})
        return commands.ProcessQuery(
            names=tuple(dict.fromkeys((*trees, *old))),
            pids=tuple(pids),
            ports=tuple(ports),
            sockets=tuple(sockets) if old else None,
        )

    def remember(self, host: str, before: Mapping[str, ProcessIdentity | None]) -> None:
        """Take over what an earlier run saw right before it asked for a restart on ``host``."""
        old = self._old.setdefault(host, {})
        for name, process in before.items():
            if process is not None and (tree := InstanceProcesses.read(process)) is not None:
                old[name] = tree.after(old.get(name))

    def _remember(self, host: str, names: Sequence[str]) -> None:
        """Keep the processes of ``names`` as they are right before they are asked to restart."""
        processes = self._births.get(host, {})
        for name in names:
            self._replaced[host, name].append(processes.get(name))
        old = self._old.setdefault(host, {})
        for name, tree in self._trees.get(host, {}).items():
            if name in names:
                old[name] = tree.after(old.get(name))

    def _restart(self, host: str, names: Sequence[str]) -> None:
        try:
            script = commands.restart(self._typed(host), names)
        except (SupervisorError, ValueError) as error:
            what, fix = getattr(error, "what", str(error)), getattr(error, "fix", "")
            raise RestartRefused(host, what, fix) from error
        self._remember(host, names)
        try:
            said = self._run(host, script, timeout=self._options.restart_timeout)
        except SshError as error:
            if error.asked:
                raise
            raise RestartRefused(host, error.what, error.fix) from error
        confirm_asked(host, split_response(host, said, self._caller), names)

    def _typed(self, host: str) -> commands.MonitCommand:
        version = self._versions.get(host) or self._ask_version(host)
        self._versions[host] = version
        return commands.MonitCommand(self._options.words, version, self._options.group)

    def _ask_version(self, host: str) -> Version:
        script = commands.ask_version(self._options.words)
        said = self._run(host, script, timeout=self._options.look_timeout)
        answer = split_response(host, said, self._caller)
        if answer.status:
            trouble = diagnose(answer.status, answer.text, answer.caller)
            raise SupervisorError(host, trouble.what, trouble.fix)
        version = parse_version(answer.text, host)
        if version < commands.OLDEST:
            told, oldest = (".".join(map(str, v)) for v in (version, commands.OLDEST))
            fix = "install a newer monit"
            raise SupervisorError(host, f"monit {told} is too old: {oldest} or later", fix)
        return version


def _with_survivors(
    state: InstanceState,
    old: InstanceProcesses | None,
    now: InstanceProcesses,
    processes: Processes,
) -> InstanceState:
    """Add which processes from before the restart live on beside the new one."""
    if old is None:
        return state
    survivors = old.survivors(now, processes)
    return replace(state, survivors=survivors, port_lost=old.lost_its_port(now, processes))
