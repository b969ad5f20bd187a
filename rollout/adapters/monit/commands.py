"""What is typed on a host: one small ``sh`` script per conversation, nothing in it unquoted.

Every script ends by printing ``@monit RC`` and then monit's own words, last, so that nothing
monit or a service prints can pass for a line of ours.  It prints ``@who USER PATH SUDO`` when
monit said no, for the fix.

Monit's command line reads its root-only control file to find the daemon, so ``sudo`` is all the
authentication there is and no password of monit's needs to be known here.
"""

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from rollout.adapters.monit.status_parser import Version

OLDEST = (5, 3, 0)
GROUP_HONOURED = (5, 14, 0)  # before: `-g` is accepted and ignored by status
GROUP_WITHOUT_ALL = (5, 16, 0)  # the manuals of older ones write `-g G restart all`
PLAIN_OUTPUT = (5, 18, 0)  # `-B`; before: "invalid option", rc 1
NAMES_ARE_PATTERNS = (5, 28, 0)  # a name is a POSIX ERE, wrapped in ^$ unless it has one of both

SPECIAL_IN_SED = re.compile(r"[][.^$*/\\]")
A_PID = r"s,^  pid  *\([1-9][0-9]*\)[[:space:]]*$,ours\1,p"
LONGEST_TREE = 4_000
"""Characters of pids after which a tree of processes is not followed any further."""

SPECIAL = re.compile(r"[][.^$*+?(){}|\\]")
PROLOGUE = "LC_ALL=C; export LC_ALL"
EPILOGUE = """\
[ "$rc" -eq 0 ] || printf '@who %s %s %s\\n' "$(id -un)" \
  "$(command -v monit || echo /usr/bin/monit)" "$(sudo -V 2>/dev/null | sed -n '1s/.* //p')"
printf '@monit %s\\n%s\\n' "$rc" "$text\""""


@dataclass(frozen=True, slots=True)
class MonitCommand:
    """How monit is called on a host: the words before the verb, and the version behind them."""

    words: tuple[str, ...]
    version: Version
    group: str = ""

    @property
    def plain(self) -> str:
        """The command with its options, quoted, without a group."""
        return shlex.join((*self.words, *(("-B",) if self.version >= PLAIN_OUTPUT else ())))

    @property
    def grouped(self) -> str:
        """The same, kept to the group where this version honours it."""
        if self.group and self.version >= GROUP_HONOURED:
            return f"{self.plain} -g {shlex.quote(self.group)}"
        return self.plain

    def restart_group(self) -> str:
        return f"{self.grouped} restart" + ("" if self.version >= GROUP_WITHOUT_ALL else " all")


def ask_version(words: Sequence[str]) -> str:
    """``monit -V`` needs no daemon, and meets sudo as the real calls will."""
    return f"{PROLOGUE}\ntext=$({shlex.join(words)} -V 2>&1); rc=$?\n{EPILOGUE}\n"


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
    ours = "".join(
        " -e " + shlex.quote(f"/^Process '{SPECIAL_IN_SED.sub(_escaped, name)}'/,/^$/{A_PID}")
        for name in query.names
    )
    return f"""\
{PROLOGUE}
text=$({typed.grouped} status 2>&1); rc=$?
sed -n -e 's/^[0-9a-f]*-[0-9a-f-]*$/@boot &/p' -e 's/^btime /@&/p' \\
  /proc/sys/kernel/random/boot_id /proc/stat 2>/dev/null
printf '@ticks %s\\n' "$(getconf CLK_TCK 2>/dev/null)"
pids=
walk() {{
  pids="$pids $1"
  [ "${{#pids}}" -lt {LONGEST_TREE} ] || return 0
  for list in /proc/"$1"/task/*/children; do
    line=
    {{ read -r line <"$list"; }} 2>/dev/null
    for child in $line; do walk "$child"; done
  done
}}
for pid in $(printf '%s\\n' "$text" | sed -n{ours} \\
  -e 's,^  pid  *\\([1-9][0-9]*\\)[[:space:]]*$,\\1,p'); do
  case $pid in ours*) walk "${{pid#ours}}" ;; *) pids="$pids $pid" ;; esac
done
pids="$pids {" ".join(map(str, query.pids))}"
cat /proc/1/stat $(printf '/proc/%s/stat ' $pids) 2>/dev/null
{_sockets(query)}{EPILOGUE}
"""


def _sockets(query: ProcessQuery) -> str:
    """Print ``@listen PORT INODE`` for each listening socket, and who holds it.

    Listening sockets come first in the kernel's tables, so the reading ends after them.  For each
    process whose descriptors this login may read, ``@fds PID`` is followed by ``@fd`` or by
    ``@holds INODE``.  ``ls`` names its directories where it gets two, hence our own.
    """
    if not query.ports:
        return ""
    ports = "".join(
        f" -e 's/^ *[0-9]*: [0-9A-F]*:{port:04X} [^ ]* 0A [^ ]* [^ ]* [^ ]* *[0-9]* *[0-9]* "
        f"\\([1-9][0-9]*\\) .*/@listen {port} \\1/p'"
        for port in query.ports
    )
    old = "*" if query.sockets is None else "|".join(map(str, query.sockets)) or "none"
    return f"""\
set --
closely=
for table in /proc/net/tcp /proc/net/tcp6; do
  listening=$(sed -n -e 1d -e '/^ *[0-9]*: [^ ]* [^ ]* 0A /!q'{ports} "$table" 2>/dev/null)
  [ -z "$listening" ] || printf '%s\\n' "$listening"
  for word in $listening; do
    case $word in {old}) closely=yes ;; esac
    held="s/.* -> socket:\\[\\($word\\)\\]\\$/@holds \\1/p"
    case $word in @*) ;; *) set -- "$@" -e "$held" ;; esac
  done
done
[ -z "$closely" ] || ls -ln $(printf '/proc/%s/fd ' $$ $pids) 2>/dev/null | sed -n "$@" \\
  -e 's,^/proc/\\([0-9]*\\)/fd:$,@fds \\1,p' -e 's/.* 0 -> .*/@fd/p'
"""


def restart(typed: MonitCommand, names: Sequence[str]) -> str:
    """Ask for the restart of ``names``; prints ``@asked N of M``: requests accepted, and sent.

    ``@by group`` is printed when they went as one group command.

    The daemon must be seen first: without one, monit would restart the processes itself, in
    the foreground, and say rc 0.  The group command is used only when the group holds exactly
    ``names``; by name, the first refusal ends it.
    """
    status = typed.grouped if _group_will_do(typed, names) else typed.plain
    return f"""\
{PROLOGUE}
asked=0; sent=0
text=$({status} status 2>&1); rc=$?
services=$(printf '%s\\n' "$text" | grep "^[A-Z][A-Za-z ]* '.*'" | sort)
if [ "$rc" -eq 0 ] && [ -n "$services" ]; then
{_ask(typed, names)}
fi
printf '@asked %s of %s\\n' "$asked" "$sent"
{EPILOGUE}
"""


def _ask(typed: MonitCommand, names: Sequence[str]) -> str:
    by_name = f"""\
for name in {shlex.join(spelled(name, typed.version) for name in names)}; do
  sent=$((sent + 1))
  text=$({typed.plain} restart "$name" 2>&1); rc=$?
  [ "$rc" -eq 0 ] || break
  asked=$((asked + 1))
done"""
    if not _group_will_do(typed, names):
        return by_name
    exactly = "\n".join(sorted((f"Process '{name}'" for name in names), key=str.encode))
    return f"""\
if [ "$services" = {shlex.quote(exactly)} ]; then
sent=1; echo '@by group'
text=$({typed.restart_group()} 2>&1); rc=$?
[ "$rc" -ne 0 ] || asked=1
else
{by_name}
fi"""


def _group_will_do(typed: MonitCommand, names: Sequence[str]) -> bool:
    """Whether a group command could mean ``names`` and nobody else.

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
