"""What a look at an unknown fleet asks of the outside world: everything here only reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol

from rollout.model.fleet import Finding, Instance, InstanceState
from rollout.ports.site import CheckResult


class NameSource(IntEnum):
    """Where a name of a host comes from; the lower number is the better name."""

    OPERATOR = 0
    SSH_CONFIG = 1
    KNOWN_HOSTS = 2
    SERVER_NAME = 3
    DNS = 4
    ADDRESS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class HostName:
    """A name that ssh can be given, and where it leads.

    Attributes:
        name: As it is typed after ``ssh``.
        source: Where it was found.
        addresses: What the resolver has for it; none where only a jump host knows it.
        port: Where its sshd listens: two names of one address and port are one machine.
    """

    name: str
    source: NameSource
    addresses: tuple[str, ...] = ()
    port: int = 22


class HostNames(Protocol):
    """What ssh's files and the resolver know of hosts."""

    async def configured(self) -> tuple[str, ...]:
        """List the names that ssh's configuration has, without patterns."""

    async def in_known_hosts(self) -> tuple[str, ...]:
        """List the names that known_hosts has, as far as they are not hashed."""

    async def resolve(self, names: Sequence[str], source: NameSource) -> tuple[HostName, ...]:
        """Say where each of ``names`` leads; what is no host's name is left out.

        It takes half a minute at most; then what is not resolved is left out as well.
        """

    async def of_address(self, address: str) -> tuple[HostName, ...]:
        """List names that lead back to ``address``: DNS's, and itself if ssh knows its host key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisedHost:
    """What a supervisor watches on one host.

    Attributes:
        command: How the supervisor was called.
        states: All processes that it watches, in print order.
        groups: Names of processes by group, for the groups that were asked for and exist.
    """

    command: str
    states: tuple[InstanceState, ...]
    groups: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])


class SupervisorFinder(Protocol):
    """Finds out how the supervisor of a host is called, and what it watches."""

    @property
    def name(self) -> str:
        """What the supervisor is called."""

    @property
    def section(self) -> str:
        """The section of the settings that is about it."""

    async def look(self, host: str) -> SupervisedHost:
        """Try the usual commands, one after another.

        Raises:
            RolloutError: none of them gave an answer, or ssh failed.
        """

    async def groups(
        self, host: str, command: str, names: Sequence[str]
    ) -> Mapping[str, frozenset[str]]:
        """Say which processes belong to those of ``names`` that are groups."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessPlaces:
    """Where processes run and listen, as far as the login may see.

    Attributes:
        ports: Ports on which a process or a descendant of it listens, by its pid.
        directories: Working directory by pid.
    """

    ports: Mapping[int, frozenset[int]] = field(default_factory=dict[int, frozenset[int]])
    directories: Mapping[int, str] = field(default_factory=dict[int, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseLayout:
    """A directory that is laid out as Capistrano does it.

    Attributes:
        to: The directory with ``releases/``, ``shared/`` and ``current``.
        repo: Where its clone fetches from, without a password; empty where that is not known.
        by_sudo: The working directories of its processes could only be read through sudo.
        shared: Directories of the live release that are links below ``shared/``.
        shared_files: Files likewise.
    """

    to: str
    repo: str = ""
    by_sudo: bool = False
    shared: tuple[str, ...] = ()
    shared_files: tuple[str, ...] = ()


class HostInspector(Protocol):
    """Reads what the kernel and the file system of a host tell about processes."""

    async def places(self, host: str, pids: Sequence[int]) -> ProcessPlaces:
        """Say where processes run and listen.

        Raises:
            RolloutError: ssh failed.
        """

    async def layout(self, host: str, directory: str) -> ReleaseLayout | None:
        """Say whether ``directory`` is inside a release of a Capistrano layout that is in use."""


class DeployTrial(Protocol):
    """Tries whether a deploy would find all that it needs."""

    async def examine(self, host: str, layout: ReleaseLayout) -> tuple[Finding, ...]:
        """Say what would keep one from working on ``host``, as ``rollout check`` does.

        Raises:
            RolloutError: the host could not be asked, or the layout cannot stand in the settings.
        """


class ProbeTrial(Protocol):
    """Tries whether an address would do as the probe."""

    async def answers(self, template: str, host: str, instance: Instance) -> CheckResult:
        """Ask once, as a run would."""


class CheckPaths(Protocol):
    """What HAProxy's own HTTP checks ask for, which its admin socket does not tell."""

    async def check_paths(self, host: str, pid: int) -> Mapping[str, str]:
        """Return the path by backend, of the HAProxy ``pid`` on ``host`` (empty: here)."""
