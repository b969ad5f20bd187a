"""What monit and sudo say when they say no, and what cures it.

The exit status alone tells nothing: monit and sudo share 1, and old versions say "the daemon is
not running" with 0.  Source: every text was printed by a real monit (5.0.3 to 5.33) or sudo.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from rollout.adapters.monit.blocks import first_line
from rollout.adapters.monit.sudoers import Caller, knows_patterns, sudoers_line


@dataclass(frozen=True, slots=True)
class Trouble:
    """A refusal, understood.

    Attributes:
        what: Said about the host, with monit's own words in parentheses.
        cure: What to type, or to write where.
        untouched: A promise: whoever says this has certainly not passed the request on.  A
            daemon that does not answer in time, for example, reads it when it wakes up.
        of_one: It is about one service; of a group, others may have been asked before it.
    """

    what: str
    cure: str
    untouched: bool = True
    of_one: bool = False


Cure = Callable[[Caller], str]


def _visudo(line: str) -> Cure:
    return lambda who: f"sudo visudo -f /etc/sudoers.d/rollout, and add: {line.format(who=who)}"


def _allow(who: Caller) -> str:
    if knows_patterns(who):
        return f"sudo visudo -f /etc/sudoers.d/rollout, and add: {sudoers_line(who)}"
    script = "/usr/local/sbin/rollout-monit"
    return (
        f"sudo {'.'.join(map(str, who.sudo))} there knows no patterns: install "
        f'examples/rollout-monit as {script}, set monit.command = "sudo -n {script}", and add '
        f"with sudo visudo -f /etc/sudoers.d/rollout: {who.user} ALL=(root) NOPASSWD: {script}"
    )


def _say(text: str) -> Cure:
    return lambda who: text.format(who=who)


HTTPD = (
    "add to monit's control file: set httpd unixsocket /run/monit.sock allow localhost; "
    "then: sudo monit reload"
)

# In order: the first that is found names the trouble.
TROUBLES: tuple[tuple[str, str, Cure], ...] = (
    (
        r"sudo: .*command not found|monit: (command )?not found|No such file or directory: monit",
        "there is no monit",
        _say("sudo apt-get install monit, or say where it is in monit.command"),
    ),
    (r"sudo: command not found|sudo: not found", "there is no sudo", _say("apt-get install sudo")),
    (
        r"sudo: .*must have a tty",
        "sudo wants a terminal",
        _visudo("Defaults:{who.user} !requiretty"),
    ),
    (
        r"^sudo: |is not in the sudoers file|is not allowed to (execute|run)",
        "sudo refused",
        _allow,
    ),
    (
        r"daemon is not running|no status available|status not available",
        "the monit daemon is not running",
        _say("sudo systemctl start monit"),
    ),
    (r"HTTP interface is not enabled", "monit's httpd is not enabled", _say(HTTPD)),
    (
        r"error connecting to the monit daemon|Cannot (connect to|create (unix )?socket)",
        "monit's httpd cannot be reached",
        _say(HTTPD),
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
    (r"syntax error", "monit's control file has a syntax error", _say("sudo monit -t")),
    (
        r"(Service )?group '.*' not found",
        "monit does not know the group",
        _say(
            "correct monit.group ({who.group}), or add `group {who.group}` to the services in "
            "monit's control file and: sudo monit reload"
        ),
    ),
)
OF_ONE_SERVICE: tuple[tuple[str, str, Cure], ...] = (
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


def understand(status: int, text: str, who: Caller) -> Trouble:
    """Name the trouble in what was said together with a failure, or with no service at all."""
    line = first_line(text)
    for pattern, what, cure in TROUBLES + OF_ONE_SERVICE:
        if re.search(pattern, text, re.IGNORECASE | re.MULTILINE):
            of_one = any(pattern == known for known, _, _ in OF_ONE_SERVICE)
            return Trouble(f"{what} ({line})", cure(who), of_one=of_one)
    if re.search(SILENT, text, re.IGNORECASE):
        what = f"the monit daemon does not answer ({line})"
        return Trouble(what, "sudo systemctl restart monit", untouched=False)
    if not status:
        what = f"monit lists no service of the group {who.group!r}" if who.group else "no service"
        return Trouble(f"{what} ({line})", f"{who.command} summary")
    return Trouble(f"monit failed with {status} ({line})", f"{who.command} status", untouched=False)
