r"""Gets a script of ours past the login shell of a host, byte for byte, whichever shell it is.

sshd hands a command to the login shell, and shells differ in what they do with it: csh ends a
quoted string at a line end and runs the rest line by line, fish takes ``\'`` inside quotes for an
escape, csh replaces ``!``.  So the line that the login shell reads contains none of these; ``sh``
makes the script of it.  Measured with sh, bash, dash, zsh, ksh, mksh, fish, tcsh and bsd-csh.

Before the script, ``sh`` writes a random mark to both outputs, and begins only when that worked.
What stands before the mark is the login shell's (a greeting in ``~/.bashrc``) and is left out;
when there is no mark, the login shell did not run the script.
"""

import math
import re
import secrets
from collections.abc import Iterator

from rollout.adapters.ssh.errors import LoginShellFailed

LONGEST = 131_000
"""Bytes of a line that Linux hands to a program as one argument (MAX_ARG_STRLEN, less a few)."""

LONGEST_WORD = 1000
"""Characters between two quotes: bsd-csh refuses words of 4,000 ("Word too long.")."""

SHORT = 30.0
"""Seconds up to which a command may do without ``timeout`` on the host."""

KEPT = 2000
"""Bytes that are kept of what the login shell printed, for an error to quote."""

START = (
    'rollout_mark=$1; shift; echo; echo "$rollout_mark" && { echo; echo "$rollout_mark"; } >&2 '
    '&& eval "unset rollout_mark; set --; $(printf %b "$@")"'
)
"""Read by ``sh``: the mark, then the script; without quote, line end or ``!``."""

ESCAPES = {"\\": r"\0134", "'": r"\0047", "!": r"\0041", "\n": r"\n"}
"""What ``printf %b`` makes of each is the character itself; the backslash comes first."""

RARE = re.compile(r"[^ -~]")

REFUSALS = (
    (
        r"not available|nologin",
        "the login may not run commands (its shell is nologin)",
        "on {host}, as root: chsh -s /bin/sh {user}",
    ),
    (
        r"git-shell|unrecognized command|Interactive git shell",
        "the login may only use git (its shell is git-shell)",
        "on {host}, as root: chsh -s /bin/sh {user}",
    ),
    (
        r"\brestricted\b",
        "the login shell is a restricted one (rbash, rksh, rzsh)",
        "on {host}, as root: chsh -s /bin/sh {user}",
    ),
    (
        r"sftp connections only",
        "the login may only use sftp (ForceCommand internal-sftp)",
        "on {host}: take {user} out of the `Match` block with `ForceCommand` in sshd_config",
    ),
)
"""By the words of bash 5.2, git 2.39, OpenSSH 9.2 and Debian's nologin."""

RC_FILES = "~/.bashrc, ~/.zshenv, ~/.cshrc, ~/.tcshrc or ~/.config/fish/config.fish"


def command_line(script: str, mark: str, bound: str = "") -> str:
    """Write the line for the login shell; ``bound`` stands before ``/bin/sh`` (timeout, 5 s …)."""
    text = script
    for char, escape in ESCAPES.items():
        text = text.replace(char, escape)
    text = RARE.sub(_escaped, text)
    quoted = "".join(f" '{piece}'" for piece in _pieces(text))
    return f"exec {bound}/bin/sh -c '{START}' rollout {mark}{quoted}"


def _escaped(rare: re.Match[str]) -> str:
    return "".join(f"\\0{byte:03o}" for byte in rare[0].encode("utf-8", "surrogateescape"))


def _pieces(text: str) -> Iterator[str]:
    """Cut ``text`` into words, and none of its escapes in two: they are at most 5 long."""
    at = 0
    while at < len(text):
        end = at + LONGEST_WORD
        if end < len(text) and (escape := text.rfind("\\", end - 4, end)) > at:
            end = escape
        yield text[at:end]
        at = end


def bound(timeout: float, at_last: float, user: str) -> str:
    """Name the program that ends a command on the host even when we or the network are gone.

    It costs a fork and two execs there, 2 to 3 ms of the 5 that a warm command takes on loopback,
    so a short command goes without: at its deadline it is sent a signal.  Not as root: sshd 9.2
    signals no session of root's ("requires privilege separation").

    Args:
        timeout: Seconds that the command may take.
        at_last: Seconds after which the host ends it.
        user: The login.
    """
    if timeout <= SHORT and user != "root":
        return ""
    return f"timeout -k 5 {math.ceil(at_last)} "


def new_mark() -> str:
    """Make a mark that no output contains by accident or by design of an earlier one."""
    return secrets.token_hex(8)


class AfterMark:
    """One output of a command, without what stands before the mark.

    Attributes:
        found: The mark was seen; all that comes from now on is the script's.
    """

    def __init__(self, mark: str) -> None:
        self.found = False
        self._mark = f"\n{mark}\n".encode()
        self._noise = bytearray()
        self._held = bytearray()

    def take(self, data: bytes) -> bytes:
        """Return the part of ``data`` that the script printed."""
        if self.found:
            return data
        self._held += data
        at = self._held.find(self._mark)
        if at >= 0:
            self.found = True
            return bytes(self._held[at + len(self._mark) :])
        last = len(self._held) - len(self._mark)
        if last > 0:
            self._noise += self._held[: min(last, max(0, KEPT - len(self._noise)))]
            del self._held[:last]
        return b""

    def noise(self) -> str:
        """Return the beginning of what the login shell printed."""
        return (self._noise + self._held).decode(errors="replace").strip()


def refusal(
    login: tuple[str, str], ended: str, printed: tuple[str, str], *, asked: bool
) -> LoginShellFailed:
    """Say why the login shell did not run the script.

    Args:
        login: The host and the user.
        ended: How the login shell ended: ``exit 0``.
        printed: What it wrote to stdout and to stderr.
        asked: The mark may still have been on its way.
    """
    host, user = login
    out, err = printed
    line = next((line.strip() for line in f"{err}\n{out}".splitlines() if line.strip()), "")
    quoted = f"{ended}; it said: {line[:200]}" if line else f"{ended}, nothing said"
    for pattern, what, fix in REFUSALS:
        if re.search(pattern, f"{err}\n{out}", re.IGNORECASE):
            how = fix.format(host=host, user=user)
            return LoginShellFailed(host, f"{what} ({quoted})", how, asked=asked)
    return LoginShellFailed(
        host,
        f"the login shell ended before our command ran ({quoted})",
        f"`ssh {host} echo fine` must print fine: look for exit or exec in {RC_FILES} of {user}, "
        "or for a ForceCommand",
        asked=asked,
    )
