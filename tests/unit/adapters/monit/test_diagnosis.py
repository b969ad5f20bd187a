"""What monit and sudo really said, and what we make of it."""

import pytest

from rollout.adapters.monit.diagnosis import diagnose
from rollout.adapters.monit.sudoers import Invocation

WHO = Invocation(command="sudo -n monit", group="app", user="deploy", path="/usr/bin/monit")
NOPASSWD = "deploy ALL=(root) NOPASSWD: /usr/bin/monit"

SAID = [
    (1, "sudo: a password is required", "sudo refused", NOPASSWD),
    (
        1,
        "sudo: a terminal is required to read the password\nsudo: a password is required",
        "sudo refused",
        NOPASSWD,
    ),
    (1, "deploy is not in the sudoers file.", "sudo refused", NOPASSWD),
    (1, "sudo: sorry, you must have a tty to run sudo", "a terminal", "!requiretty"),
    (1, "sudo: monit: command not found", "there is no monit", "apt-get install monit"),
    (127, "sh: 1: monit: not found", "there is no monit", "apt-get install monit"),
    (127, "sh: 1: sudo: not found", "there is no sudo", "install sudo"),
    (1, "Monit: the monit daemon is not running", "daemon is not running", "start monit"),
    (0, "monit: no status available -- the monit daemon is not running", "not running", "start"),
    (0, "Status not available -- the monit daemon is not running", "not running", "start"),
    (
        1,
        "Monit: the monit HTTP interface is not enabled, please add the 'set httpd' statement",
        "httpd is not enabled",
        "set httpd unixsocket",
    ),
    (1, "monit: error connecting to the monit daemon", "cannot be reached", "set httpd"),
    (
        1,
        "Unix socket /run/monit.sock connection error -- No such file or directory",
        "cannot be reached",
        "start delay",
    ),
    (1, "sudo: no valid sudoers sources found, quitting", "sudo does not work", "visudo -c"),
    (1, "Sorry, user deploy may not run sudo on web1.", "sudo refused", NOPASSWD),
    (
        1,
        "Sorry, user deploy is not allowed to execute '/usr/bin/monit x' as root on web1.",
        "sudo refused",
        NOPASSWD,
    ),
    (1, "You are not authorized to access monit. ...", "password", "monit reload"),
    (
        1,
        "You do not have sufficient privileges to access this page",
        "only read",
        "read-only",
    ),
    (
        1,
        "Cannot open the control file '/etc/monit/monitrc' -- Permission denied",
        "for root only",
        "sudo -n monit",
    ),
    (
        1,
        "The control file '/etc/monit/monitrc' permission 0644 is wrong, maximum 0700 allowed",
        "permissions of its control file",
        "chmod 600",
    ),
    (1, "/etc/monit/monitrc:6: syntax error 'x'", "syntax error", "monit -t"),
    (1, "Group 'app' not found", "does not know the group", "group app"),
    (1, "Service group 'app' not found", "does not know the group", "group app"),
    (1, 'There is no service named "x"', "does not know the service", "summary"),
    (1, "Service 'x' not found", "does not know the service", "summary"),
    (
        1,
        "Other action already in progress -- please try again later",
        "still busy",
        "nothing is pending",
    ),
    (0, "The Monit daemon 5.14 uptime: 3m", "no service of the group 'app'", "summary"),
]


@pytest.mark.parametrize(("status", "text", "what", "fix"), SAID)
def test_a_refusal_is_understood_and_cured(status: int, text: str, what: str, fix: str) -> None:
    trouble = diagnose(status, text, WHO)
    assert what in trouble.what
    assert text.splitlines()[0][:60] in trouble.what
    assert fix in trouble.fix


@pytest.mark.parametrize(("status", "text", "what", "fix"), SAID)
def test_who_refuses_so_has_not_passed_the_request_on(
    status: int, text: str, what: str, fix: str
) -> None:
    assert diagnose(status, text, WHO).untouched, (what, fix)


@pytest.mark.parametrize(
    "text",
    [
        "Error receiving data -- Resource temporarily unavailable",
        "something that nobody has seen before",
    ],
)
def test_a_daemon_that_does_not_answer_may_have_been_asked_all_the_same(text: str) -> None:
    assert not diagnose(1, text, WHO).untouched


WARNINGS = [
    "sudo: unable to resolve host ip-10-0-0-9: Name or service not known",
    "sudo: unable to resolve host web1: Connection timed out",
    "sudo: setrlimit(RLIMIT_CORE): Operation not permitted",
    "sudo: unable to send audit message: Operation not permitted",
    "sudo: ldap_sasl_bind_s(): Can't contact LDAP server",
    "sudo: pam_open_session: Permission denied",
    "sudo: /etc/sudoers.d/old:3: syntax error 'x'",
    "/etc/sudoers.d/old:1:25: syntax error",
    ">>> /etc/sudoers.d/old: syntax error near line 3 <<<",
    "sudo: unable to mkdir /run/sudo/ts: No space left on device",
    "sh: warning: setlocale: LC_ALL: cannot change locale (de_DE.UTF-8)",
    "Skipping 'allow localhost' -- host resolved to [::ffff:127.0.0.1] which is present in ACL",
    "/etc/monit/monitrc:8: Include failed -- No such file or directory '/etc/monit/local/*'",
    "Cannot translate 'web1' to FQDN name -- Name or service not known",
]


@pytest.mark.parametrize("warning", WARNINGS)
@pytest.mark.parametrize(
    "then", ["", "Error receiving data -- Resource temporarily unavailable", "nothing known"]
)
def test_after_a_warning_a_request_may_have_been_passed_on(warning: str, then: str) -> None:
    assert not diagnose(1, f"{warning}\n{then}", WHO).untouched


@pytest.mark.parametrize("warning", WARNINGS)
@pytest.mark.parametrize(("status", "text", "what", "fix"), SAID)
def test_a_refusal_after_a_warning_is_the_reason_that_is_quoted(
    warning: str, status: int, text: str, what: str, fix: str
) -> None:
    trouble = diagnose(status, f"{warning}\n{text}", WHO)
    assert what in trouble.what
    assert text.splitlines()[0][:60] in trouble.what
    assert fix in trouble.fix
    assert trouble.untouched


def test_a_refusal_of_monits_beside_its_silence_may_have_been_passed_on() -> None:
    text = "Error receiving data -- Resource temporarily unavailable\nGroup 'app' not found"
    assert not diagnose(1, text, WHO).untouched
