"""What is typed on a host: one small ``sh`` script per conversation, nothing in it unquoted.

Every script ends by printing ``@monit RC`` and then monit's own words, last, so that nothing
monit or a service prints can pass for a line of ours.  It prints ``@who USER PATH SUDO`` when
monit said no, for the cure.

Monit's command line reads its root-only control file to find the daemon, so ``sudo`` is all the
authentication there is and no password of monit's needs to be known here.
"""

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from rollout.adapters.monit.blocks import Version

OLDEST = (5, 3, 0)
GROUP_HONOURED = (5, 14, 0)  # before: `-g` is accepted and ignored by status
GROUP_WITHOUT_ALL = (5, 16, 0)  # the manuals of older ones write `-g G restart all`
PLAIN_OUTPUT = (5, 18, 0)  # `-B`; before: "invalid option", rc 1
NAMES_ARE_PATTERNS = (5, 28, 0)  # a name is a POSIX ERE, wrapped in ^$ unless it has one of both

SPECIAL = re.compile(r"[][.^$*+?(){}|\\]")
PROLOGUE = "LC_ALL=C; export LC_ALL"
EPILOGUE = """\
[ "$rc" -eq 0 ] || printf '@who %s %s %s\\n' "$(id -un)" \
  "$(command -v monit || echo /usr/bin/monit)" "$(sudo -V 2>/dev/null | sed -n '1s/.* //p')"
printf '@monit %s\\n%s\\n' "$rc" "$text\""""


@dataclass(frozen=True, slots=True)
class Typed:
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


def look(typed: Typed) -> str:
    """One look: status, then the start times of the pids in it, from the same moment.

    Pid 1 is read along to learn whether ``/proc`` shows other users' processes.
    """
    return f"""\
{PROLOGUE}
text=$({typed.grouped} status 2>&1); rc=$?
sed -n -e 's/^[0-9a-f]*-[0-9a-f-]*$/@boot &/p' -e 's/^btime /@&/p' \\
  /proc/sys/kernel/random/boot_id /proc/stat 2>/dev/null
printf '@ticks %s\\n' "$(getconf CLK_TCK 2>/dev/null)"
cat /proc/1/stat $(printf '%s\\n' "$text" | sed -n \\
  's,^  pid  *\\([1-9][0-9]*\\)[[:space:]]*$,/proc/\\1/stat,p') 2>/dev/null
{EPILOGUE}
"""


def restart(typed: Typed, names: Sequence[str]) -> str:
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


def _ask(typed: Typed, names: Sequence[str]) -> str:
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


def _group_will_do(typed: Typed, names: Sequence[str]) -> bool:
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
