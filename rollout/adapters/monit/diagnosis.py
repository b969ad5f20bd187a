"""What monit and sudo say when they say no, and what fixes it.

The exit status alone tells nothing: monit and sudo share 1, and old versions say "the daemon is
not running" with 0.  Source: every text was printed by a real monit (5.0.3 to 5.33) or sudo.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rollout.adapters.monit.status_parser import first_line, plain, quoted
from rollout.adapters.monit.sudoers import Invocation, knows_patterns, sudoers_line


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A refusal, understood.

    Attributes:
        what: Said about the host, with monit's own words in parentheses.
        fix: What to type, or to write where.
        untouched: A promise: the request was certainly not passed on.  Only refusals that are
            named here promise it.  A daemon that does not answer in time reads the request when it
            wakes up, whatever sudo warned of before.
        of_one: It is about one service; of a group, others may have been asked before it.
    """

    what: str
    fix: str
    untouched: bool = True
    of_one: bool = False


Fix = Callable[[Invocation], str]


def _visudo(line: str) -> Fix:
    return lambda who: f"sudo visudo -f /etc/sudoers.d/rollout, and add: {line.format(who=who)}"


def _allow(who: Invocation) -> str:
    if knows_patterns(who):
        return f"sudo visudo -f /etc/sudoers.d/rollout, and add: {sudoers_line(who)}"
    script = "/usr/local/sbin/rollout-monit"
    return (
        f"sudo {'.'.join(map(str, who.sudo))} there knows no patterns: install "
        f'examples/rollout-monit as {script}, set monit.command = "sudo -n {script}", and add '
        f"with sudo visudo -f /etc/sudoers.d/rollout: {who.user} ALL=(root) NOPASSWD: {script}"
    )


def _say(text: str) -> Fix:
    return lambda who: text.format(who=who)


HTTPD = (
    "add to monit's control file: set httpd unixsocket /run/monit.sock allow localhost; "
    "then: sudo monit reload"
)
NOT_OPEN = (
    "if monit was just started, wait: it opens its httpd after its start delay (`with start delay` "
    "of `set daemon` in its control file); otherwise: sudo monit reload"
)

# What sudo prints when it ends without running the command (seen with 1.9.13; the rest from its
# sources, 1.8 to 1.9).  Whatever else it prints ("unable to resolve host", "setrlimit", "unable to
# send audit message", a syntax error in one file of sudoers, PAM, LDAP) is a warning, after which
# it runs the command.
NOT_ALLOWED = (
    r"^sudo: (a password is required|a terminal is required|no tty present|no askpass program"
    r"|interactive authentication is required|no password was provided"
    r"|\d+ incorrect password attempt|sorry, you are not allowed)"
    r"|^Sorry, user .* (is not allowed to execute|may not run)"
    r"|is not in the sudoers file|is not allowed to (execute|run)"
)
UNUSABLE = (
    r"^sudo: (no valid sudoers sources found|unable to initialize policy plugin"
    r"|error initializing .* plugin|fatal error, unable to load plugins"
    r"|policy plugin failed session initialization|effective uid is not 0"
    r"|.* must be owned by uid 0 and have the setuid bit|the .no new privileges. flag is set"
    r"|account validation failure|you do not exist in the .* database"
    r"|unable to execute \S*monit\S*:)"
)

# In order: the first that is found names the trouble.
OF_SUDO: tuple[tuple[str, str, Fix], ...] = (
    (
        r"^sudo: .*command not found|monit: (command )?not found|No such file or directory: monit",
        "there is no monit",
        _say("sudo apt-get install monit, or say where it is in monit.command"),
    ),
    (
        r"sudo: command not found|sudo: not found",
        "there is no sudo",
        _say("apt-get install sudo"),
    ),
    (
        r"^sudo: .*must have a tty",
        "sudo wants a terminal",
        _visudo("Defaults:{who.user} !requiretty"),
    ),
    (NOT_ALLOWED, "sudo refused", _allow),
    (UNUSABLE, "sudo does not work", _say("as root there: visudo -c; sudo -l -U {who.user}")),
)
OF_MONIT: tuple[tuple[str, str, Fix], ...] = (
    (
        r"daemon is not running|no status available|status not available",
        "the monit daemon is not running",
        _say("sudo systemctl start monit"),
    ),
    (r"HTTP interface is not enabled", "monit's httpd is not enabled", _say(HTTPD)),
    (
        r"Cannot (connect to|create (unix )?socket)|socket .* connection error",
        "monit's httpd cannot be reached",
        _say(NOT_OPEN),
    ),
    (
        r"error connecting to the monit daemon",
        "monit's httpd cannot be reached",
        _say(f"{NOT_OPEN}; or {HTTPD}"),
    ),
    (
        r"not authorized to access|Unauthorized",
        "monit's httpd does not accept the password in its own control file",
        _say("sudo monit reload"),
    ),
    (
        r"sufficien?t privileges",
        "monit's httpd lets this user only read",
        _say("take `read-only` off the user that `allow` names in monit's control file"),
    ),
    (
        r"Cannot open the control file .*Permission denied",
        "monit's control file is readable for root only",
        _say('set monit.command = "sudo -n monit"'),
    ),
    (
        r"control file .*permission .*is wrong|control file .* must be owned",
        "monit does not accept the permissions of its control file",
        _say("sudo chmod 600 /etc/monit/monitrc"),
    ),
    (
        r"Cannot (find|open) the control file",
        "monit has no control file",
        _say("name it in monit.command: monit -c FILE"),
    ),
    (
        r"^[^:]*:\d+: syntax error '",  # sudo's own has a column as well, or no quote
        "monit's control file has a syntax error",
        _say("sudo monit -t"),
    ),
    (
        r"(Service )?group '.*' not found",
        "monit does not know the group",
        _say(
            "correct monit.group ({who.group}), or add `group {who.group}` to the services in "
            "monit's control file and: sudo monit reload"
        ),
    ),
)
OF_ONE_SERVICE: tuple[tuple[str, str, Fix], ...] = (
    (
        r"There is no service (named|by that name)|Service '.*' not found",
        "monit does not know the service",
        _say("{who.command} summary"),
    ),
    (
        r"Other action already in progress",
        "monit is still busy with an earlier request",
        _say("wait until nothing is pending in: {who.command} summary"),
    ),
)
SILENT = r"Error receiving data|Resource temporarily unavailable|timed? ?out"
WARNING = (
    r"^sudo: |^Skipping 'allow |^(\S+:\d+: )?Include failed|^Cannot translate|locale: |setlocale: "
    r"|^New Monit id:|^Stored in '|^>>> |^\S+:\d+:\d+: "
)
"""Lines that sudo, monit or a shell may print first and that are not why a command failed."""


def diagnose(status: int, text: str, who: Invocation) -> Diagnosis:
    """Name the trouble in what was said together with a failure, or with no service at all.

    A warning is no trouble.  Where none is found the request may have been passed on.
    """
    lines = [line for line in map(str.strip, plain(text).splitlines()) if line]
    for pattern, what, fix in OF_SUDO:
        if line := _first(pattern, lines):
            return Diagnosis(f"{what} ({quoted(line)})", fix(who))
    monits = [line for line in lines if not line.startswith("sudo: ")]
    silent = _first(SILENT, monits)
    for pattern, what, fix in OF_MONIT + OF_ONE_SERVICE:
        if line := _first(pattern, monits):
            of_one = any(pattern == known for known, _, _ in OF_ONE_SERVICE)
            said = f"{what} ({quoted(line)})"
            return Diagnosis(said, fix(who), untouched=not silent, of_one=of_one)
    if silent:
        what = f"the monit daemon does not answer ({quoted(silent)})"
        return Diagnosis(what, "sudo systemctl restart monit", untouched=False)
    line = first_line("\n".join(x for x in lines if not _first(WARNING, [x])) or text)
    if not status:
        what = f"monit lists no service of the group {who.group!r}" if who.group else "no service"
        return Diagnosis(f"{what} ({line})", f"{who.command} summary")
    return Diagnosis(
        f"monit failed with {status} ({line})", f"{who.command} status", untouched=False
    )


def _first(pattern: str, lines: Sequence[str]) -> str:
    """Return the first line that ``pattern`` is found in, or nothing."""
    return next((line for line in lines if re.search(pattern, line, re.IGNORECASE)), "")
