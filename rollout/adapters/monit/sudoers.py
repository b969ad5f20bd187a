r"""The line for sudoers that allows what rollout types on a host, and no more.

``monit -p FILE``, ``-l FILE`` and ``-s FILE`` write any file as root, and ``-H FILE`` reads one
(seen with 5.33), so a line that allows ``monit`` with any argument is as good as root.  The
arguments are held against a regular expression, which sudo does from 1.9.10 on; Debian 12 has
1.9.13.  Ubuntu 22.04 (1.9.9) and Debian 11 (1.9.5) take ``examples/rollout-monit`` in between.

sudo joins the arguments with blanks before it compares, and monit takes options also after the
verb.  So no part of the expression may match a blank, nor a ``-`` at the beginning of a name.
"""

import posixpath
import re
import shlex
from dataclasses import dataclass

PATTERNS_SINCE = (1, 9, 10)

NAME = "[A-Za-z0-9_@+~-]"
"""Characters of a service's name that need no escape.  No blank, no ``/``, no ``#``."""

FIRST = "[A-Za-z0-9_@+~]"

ESCAPED = r"\\[].^*\$+(?){}|[]"
r"""A character that :func:`rollout.adapters.monit.commands.spelled` writes with a backslash.

``\$`` is a backslash and a dollar: sudo ends an expression at a dollar without one.  The order is
for sudo 1.9.13, which refuses ``*+`` even between brackets (and then matches nothing at all).
"""

TAKES_A_WORD = re.compile(
    r"(-[A-Za-z]*?(?P<name>[ughpCTDRrtU])|--(?P<long>user|group|prompt)=?)(?P<word>.*)"
)
USUAL_PLACE = re.compile(r"(/usr(/local)?)?/s?bin/[A-Za-z0-9_.+-]+")
ACCOUNT = re.compile(r"[a-z_][a-z0-9_.-]*\$?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Invocation:
    """Who calls monit on a host, and how.

    Attributes:
        command: ``monit.command`` of the settings.
        group: ``monit.group``.
        user: The login on the host.
        path: Where monit is there.
        match: ``monit.match``.
        sudo: The version of sudo there, as numbers; empty: not known.
        ssh: ``ssh`` as it is typed to get there, options included.
    """

    command: str = "sudo -n monit"
    group: str = ""
    user: str = "deploy"
    path: str = "/usr/bin/monit"
    match: str = ".*"
    sudo: tuple[int, ...] = ()
    ssh: str = "ssh"


def sudoers_line(caller: Invocation) -> str:
    """Write the line for ``/etc/sudoers.d/rollout`` that lets ``caller`` do what rollout types.

    Empty where ``caller.command`` does not go through sudo.  It holds for one host or for all of
    them; ``visudo -cf`` accepts it.  Names of services with a blank, or with other than ASCII, are
    not in it.
    """
    called = _program(caller.command)
    if called is None:
        return ""
    run_as, program, before = called
    path = program if program.startswith("/") else caller.path
    line = f"{caller.user} ALL=({run_as}) NOPASSWD: {path}"
    if posixpath.basename(path) != "monit":
        return line  # a script of the site's own, which looks at its arguments itself
    return f"{line} ^{_ere(before)}({'|'.join(_arguments(caller))})$"


def believed(
    caller: Invocation, user: str, path: str, sudo: str
) -> tuple[str, str, tuple[int, ...]]:
    """Choose of what a host says about itself what may stand in a line for its root to add.

    A path where others than root can write would make a root of them, and so would ``ALL``.
    """
    known = ACCOUNT.fullmatch(user) and user != "ALL"
    usual = USUAL_PLACE.fullmatch(path) and posixpath.basename(path) == "monit"
    numbers = re.match(r"(\d{1,4})\.(\d{1,4})\.(\d{1,4})", sudo)
    return (
        user if known else caller.user,
        path if usual else caller.path,
        tuple(map(int, numbers.groups())) if numbers else (),
    )


def knows_patterns(caller: Invocation) -> bool:
    """Whether sudo there compares by regular expressions; where unknown, it is taken to."""
    return not caller.sudo or caller.sudo >= PATTERNS_SINCE


def _program(command: str) -> tuple[str, str, str] | None:
    """Take a command apart: as whom, which program, and its own first words, each with a blank."""
    words = shlex.split(command)
    at = next((n for n, word in enumerate(words) if posixpath.basename(word) == "sudo"), None)
    if at is None:
        return None
    run_as, rest = "root", words[at + 1 :]
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option == "--":
            break
        if found := TAKES_A_WORD.fullmatch(option):
            word = found["word"] or (rest.pop(0) if rest else "")
            run_as = word if (found["name"] or found["long"]) in {"u", "user"} else run_as
    if not rest:
        return run_as, "monit", ""
    return run_as, rest[0], "".join(f"{word} " for word in rest[1:])


def _arguments(caller: Invocation) -> tuple[str, ...]:
    group = f"-g {_ere(caller.group)} " if caller.group else ""
    plain, anchored = _names(caller.match)
    restart = f"restart ({plain}|{anchored})"
    look = f"({group})?(status|summary)" if group else "(status|summary)"
    asked = [restart, *([f"{group}restart( all)?"] if group else [])]
    return ("-V", f"(-B )?({'|'.join((look, *asked))})")


def _names(match: str) -> tuple[str, str]:
    r"""Describe how names that ``match`` are typed: as they are, and as ``^escaped\.name$``.

    They begin with what ``match`` begins with; what follows may be anything that a name may be.
    """
    prefix = literal_prefix(match)
    if not re.match(FIRST, prefix):
        prefix = ""
    plain = f"{_ere(prefix)}{NAME}*" if prefix else f"{FIRST}{NAME}*"
    typed = "".join(f"\\{char}" if not re.match(NAME, char) else char for char in prefix)
    return plain, rf"\^{_ere(typed)}({NAME}|{ESCAPED})*\$"


def literal_prefix(match: str) -> str:
    """Return the characters with which every name begins that the pattern matches, if it is simple.

    Empty where there may be none, for example for an alternative.
    """
    if "|" in match:
        return ""
    prefix = ""
    for found in re.finditer(r"(\\[^A-Za-z0-9]|[A-Za-z0-9_@+~\-])|.", match, re.DOTALL):
        after = match[found.end() : found.end() + 1]
        char = (found[1] or "").removeprefix("\\")
        if char == "+" and found[1] == "+":  # once or more of what is there already
            break
        if not char or char.isspace() or char in "/#" or after in {"*", "?", "{"}:
            break
        prefix += char
    return prefix


def _ere(text: str) -> str:
    return re.sub(r"[].^$*+?(){}|\\[]", r"\\\g<0>", text)
