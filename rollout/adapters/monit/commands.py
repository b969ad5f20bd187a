"""What is typed on a host: one small ``sh`` script per conversation; values are its parameters.

Every script ends by printing ``@monit RC`` and then monit's own words, last, so that nothing
monit or a service prints can pass for a line of ours.  It prints ``@who USER PATH SUDO`` when
monit said no, for the fix.

Monit's command line reads its root-only control file to find the daemon, so ``sudo`` is all the
authentication there is and no password of monit's needs to be known here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rollout.adapters.monit.status_parser import Version
from rollout.adapters.ssh.scripts import command_of
from rollout.adapters.ssh.shell_files import Script

OLDEST = (5, 3, 0)
GROUP_HONOURED = (5, 14, 0)  # before: `-g` is accepted and ignored by status
GROUP_WITHOUT_ALL = (5, 16, 0)  # the manuals of older ones write `-g G restart all`
PLAIN_OUTPUT = (5, 18, 0)  # `-B`; before: "invalid option", rc 1
NAMES_ARE_PATTERNS = (5, 28, 0)  # a name is a POSIX ERE, wrapped in ^$ unless it has one of both

SPECIAL_IN_SED = re.compile(r"[][.^$*/\\]")
A_PID = r"s,^  pid  *\([1-9][0-9]*\)[[:space:]]*$,ours\1,p"
SPECIAL = re.compile(r"[][.^$*+?(){}|\\]")

ANSWER = Script(Path(__file__).with_name("answer.sh"))

ASK_VERSION = Script(Path(__file__).with_name("version.sh"), ANSWER)
"""The parameters are monit's command."""

LOOK = Script(Path(__file__).with_name("look.sh"), ANSWER)
"""sed's program for the pids with a tree, further pids, two that are not used, monit's command."""

LOOK_AT_SOCKETS = Script(
    Path(__file__).with_name("look.sh"), Path(__file__).with_name("sockets.sh"), ANSWER
)
"""As ``LOOK``; the third is sed's program for the ports, the fourth the sockets from before."""

RESTART = Script(Path(__file__).with_name("restart.sh"), ANSWER)
"""The group or nothing, ``all`` or nothing, the services of the group, the names, monit's command.

Services and names are lines.
"""


@dataclass(frozen=True, slots=True)
class MonitCommand:
    """How monit is called on a host: the words before the verb, and the version behind them."""

    words: tuple[str, ...]
    version: Version
    group: str = ""

    @property
    def plain(self) -> tuple[str, ...]:
        """The command with its options, without a group."""
        return (*self.words, *(("-B",) if self.version >= PLAIN_OUTPUT else ()))

    @property
    def grouped(self) -> tuple[str, ...]:
        """The same, kept to the group where this version honours it."""
        if self.group and self.version >= GROUP_HONOURED:
            return (*self.plain, "-g", self.group)
        return self.plain


def ask_version(words: Sequence[str]) -> str:
    """``monit -V`` needs no daemon, and meets sudo as the real calls will."""
    return command_of(ASK_VERSION.text, words, {})


@dataclass(frozen=True, slots=True)
class ProcessQuery:
    """What a look asks of ``/proc`` besides the processes that monit names and their descendants.

    Attributes:
        names: Services whose descendants are read as well.
        pids: Further processes, seen earlier.
        ports: Ports whose listening sockets are read.
        sockets: Inodes of sockets from before a restart.  Which process holds a socket of
            ``ports`` is read where one of these still listens; None: in any case.
    """

    names: tuple[str, ...] = ()
    pids: tuple[int, ...] = ()
    ports: tuple[int, ...] = ()
    sockets: tuple[int, ...] | None = None


def look(typed: MonitCommand, query: ProcessQuery | None = None) -> str:
    """One look: status, then the processes behind it, from the same moment.

    Pid 1 is read along to learn whether ``/proc`` shows other users' processes.  The shell walks
    the tree below each pid by itself (``children`` of proc(5)), which costs no process.
    """
    query = query or ProcessQuery()
    trees = "\n".join(
        f"/^Process '{SPECIAL_IN_SED.sub(_escaped, name)}'/,/^$/{A_PID}" for name in query.names
    )
    further = " ".join(map(str, query.pids))
    if not query.ports:
        return command_of(LOOK.text, (trees, further, "", "", *typed.grouped), {})
    words = (trees, further, _listening(query.ports), _old(query.sockets), *typed.grouped)
    return command_of(LOOK_AT_SOCKETS.text, words, {})


def _listening(ports: Sequence[int]) -> str:
    """Write sed's program that prints ``@listen PORT INODE`` for each listening socket."""
    return "\n".join(
        f"s/^ *[0-9]*: [0-9A-F]*:{port:04X} [^ ]* 0A [^ ]* [^ ]* [^ ]* *[0-9]* *[0-9]* "
        f"\\([1-9][0-9]*\\) .*/@listen {port} \\1/p"
        for port in ports
    )


def _old(sockets: Sequence[int] | None) -> str:
    """Name the sockets from before a restart, each between blanks; ``*`` is any."""
    return "*" if sockets is None else "".join(f" {one}" for one in sockets) + " "


def restart(typed: MonitCommand, names: Sequence[str]) -> str:
    """Ask for the restart of ``names``; prints ``@asked N of M``: requests accepted, and sent.

    ``@by group`` is printed when they went as one group command.

    The daemon must be seen first: without one, monit would restart the processes itself, in
    the foreground, and say rc 0.  The group command is used only when the group holds exactly
    ``names``; by name, the first refusal ends it.
    """
    group_will_do = _group_will_do(typed, names)
    exactly = sorted((f"Process '{name}'" for name in names), key=str.encode)
    words = (
        typed.group if group_will_do else "",
        "" if typed.version >= GROUP_WITHOUT_ALL else "all",
        "\n".join(exactly) if group_will_do else "",
        "\n".join(spelled(name, typed.version) for name in names),
        *typed.plain,
    )
    return command_of(RESTART.text, words, {})


def _group_will_do(typed: MonitCommand, names: Sequence[str]) -> bool:
    """Whether a group command could mean ``names`` and no other service.

    Monit's client sends the members of a group by their bare names, and from 5.28 on the
    daemon takes those for patterns: the member ``app.1`` would take ``app_1`` along.
    """
    honoured = bool(typed.group) and typed.version >= GROUP_HONOURED
    patterns = typed.version >= NAMES_ARE_PATTERNS and any(map(SPECIAL.search, names))
    return honoured and not patterns


def spelled(name: str, version: Version) -> str:
    """Spell a service's name so that monit means that service alone.

    Anchored by ourselves, because a name that contains ``^`` or ``$`` is not anchored by monit,
    and because ``-x`` would be an option (5.33 does not end its options at ``--``).

    Raises:
        ValueError: this version cannot be told that name.
    """
    if "\n" in name:
        raise ValueError(f"no service of monit's has a line break in its name: {name!r}")
    option = name.startswith("-")
    if version < NAMES_ARE_PATTERNS:
        if option:
            raise ValueError(f"this monit would take the service {name!r} for an option")
        return name
    if option or SPECIAL.search(name):
        return f"^{SPECIAL.sub(_escaped, name)}$"
    return name


def _escaped(special: re.Match[str]) -> str:
    return f"\\{special[0]}"
