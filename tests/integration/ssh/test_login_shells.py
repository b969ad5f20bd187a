"""Our scripts by the login shells that people have, each of them real."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from rollout.adapters.haproxy.socket_proxy import relay_command
from rollout.adapters.lock.script import LOCK
from rollout.adapters.monit import commands
from rollout.adapters.probe import by_command as probe_by_exec
from rollout.adapters.probe.request import question_of
from rollout.adapters.releases.build import BUILD
from rollout.adapters.releases.cleanup import TIDY
from rollout.adapters.releases.deploy_notes import BEGIN, DISCARD, SETTLE
from rollout.adapters.releases.link_shared import LINK
from rollout.adapters.releases.list import LOOK
from rollout.adapters.releases.preflight import EXAMINE
from rollout.adapters.releases.process_cwd import WHEREABOUTS
from rollout.adapters.releases.prune import PRUNE
from rollout.adapters.releases.symlink_scripts import RESTORE, SWITCH
from rollout.adapters.sources import scripts
from rollout.adapters.ssh import CommandTimedOut, LoginShellFailed, Ssh, SshError, SshOptions
from rollout.adapters.ssh.scripts import Remote
from rollout.adapters.ssh.socket_diagnosis import question
from rollout.model.fleet import Instance
from rollout.ports.commands import CommandResult
from tests.support.login_shells import Accounts, find_shell, sshd_with_accounts

pytestmark = pytest.mark.integration

Ask = Callable[..., CommandResult]

SHELLS = ("sh", "bash", "dash", "zsh", "ksh", "fish", "tcsh", "csh")

WORDS = (
    *("", " ", "a b", "'", '"', "\\", "end\\", "\\'", "'\\''", "a\nb", "\n", "\n\n", "\t", "!"),
    *("!!", "!x", "^a^b", "$HOME", "${HOME}", "`id`", "$(id)", "~", "~root", "%", "%s%n", "\\n"),
    *("*", "?[a-z]", "{a,b}", "-n", "--", "-rf", "#", ";", "&", "|", "<>", "(", ")", "=ls", "@"),
    *("é", "日本", "\u0085", "\x7f\x01", "\\0101", "2", "a'b\"c\\d!e\nf", "x" * 5000),
)

QUESTION = question_of("http://127.0.0.1:80/up?a=1&b='2'", "web1", Instance("a", 80))
ON_A_SOCKET = question_of("unix:/run/{instance}.sock", "web1", Instance("a'b", 80))

SCRIPTS = {
    "the lock": LOCK.text,
    "the releases": LOOK.text,
    "their examination": EXAMINE.text,
    "a build step": BUILD.text,
    "the switch": SWITCH.text,
    "the way back": RESTORE.text,
    "the shared files": LINK.text,
    "the begin": BEGIN.text,
    "the end": DISCARD.text,
    "the mark": SETTLE.text,
    "the pruning": PRUNE.text,
    "the tidying": TIDY.text,
    "where a process works": WHEREABOUTS.text,
    "git": scripts.RESOLVE.text,
    "the delivery": scripts.DELIVER.text,
    "rsync": scripts.RSYNC.text,
    "the stream": scripts.UNPACK_STREAM.text,
    "the artifact": scripts.ARTIFACT.text,
    "its sum": scripts.CHECKSUM_FILE,
    "what a commit holds": scripts.CONTENTS.text,
    "monit": commands.look(commands.MonitCommand(("sudo", "-n", "monit"), (5, 33, 0), "a'b")),
    "a restart": commands.restart(commands.MonitCommand(("monit",), (5, 33, 0)), ["a.b", "-c"]),
    "the socket": question("/run/haproxy/admin.sock"),
    "the relay": relay_command("/run/haproxy/admin.sock"),
    "a probe": probe_by_exec.http_script(QUESTION, "shop.example.com", 2.0),
    "a connect": probe_by_exec.connect_script(QUESTION, 2.0),
    "a connect to a socket": probe_by_exec.connect_script(ON_A_SOCKET, 2.0),
}

RC_FILE = {
    "bash": ".bashrc",
    "zsh": ".zshenv",
    "tcsh": ".tcshrc",
    "csh": ".cshrc",
    "fish": ".config/fish/config.fish",
}

REFUSED = {
    "nologin": r"may not run commands \(its shell is nologin\).*not available",
    "git-shell": r"may only use git.*(unrecognized command|Interactive git shell)",
    "rbash": r"restricted one.*rbash",
    "false": r"ended before our command ran \(exit 1, nothing said\)",
}


@pytest.fixture(scope="module")
def accounts() -> Iterator[Accounts]:
    shells = {f"in-{name}": find_shell(name) for name in (*SHELLS, *REFUSED)}
    with sshd_with_accounts(shells) as made:
        yield made


@pytest.fixture
def ssh(accounts: Accounts) -> Iterator[Ssh]:
    with Ssh(SshOptions(config=accounts.sshd.config, connect_timeout=5.0)) as door:
        yield door


@pytest.fixture
def ask(ssh: Ssh) -> Ask:
    """Ask as :meth:`Remote.ask` does, within 20 s."""
    remote = Remote(ssh.run, asyncio.to_thread)

    def wait_for(
        host: str,
        script: str,
        *words: str,
        stdin: bytes = b"",
        environ: Mapping[str, str] | None = None,
    ) -> CommandResult:
        asking = remote.ask(host, script, *words, timeout=20, stdin=stdin, environ=environ)
        return asyncio.run(asking)

    return wait_for


def files(home: Path) -> set[str]:
    """List what lies there, but for what a shell keeps for itself (fish: ``.config``)."""
    found = {str(path.relative_to(home)) for path in home.rglob("*")}
    return {name for name in found if not name.startswith(".")}


@pytest.mark.parametrize("environ", [{}, {"ROLLOUT_A": "it's\n\\!$(id)"}], ids=["plain", "environ"])
@pytest.mark.parametrize("shell", SHELLS)
def test_every_word_and_the_input_arrive_byte_for_byte(
    ask: Ask, shell: str, environ: dict[str, str]
) -> None:
    script = "for word do printf '%s\\0' \"$word\"; done; printf '%s\\0' \"$ROLLOUT_A\"; cat"
    given = "one\nof 'these'\n\\"
    said = ask(f"in-{shell}", script, *WORDS, stdin=given.encode(), environ=environ)
    assert said.out.split("\0") == [*WORDS, environ.get("ROLLOUT_A", ""), given]
    assert (said.status, said.err) == (0, "")


@pytest.mark.parametrize("shell", SHELLS)
def test_every_script_of_ours_arrives_and_is_read_by_sh_alone(
    accounts: Accounts, ask: Ask, shell: str
) -> None:
    home = accounts.homes[f"in-{shell}"]
    (home / "2").touch()  # what csh removed when it read `rm -rf "$1" 2>/dev/null` line by line
    before = files(home)
    for name, script in SCRIPTS.items():
        said = ask(f"in-{shell}", 'printf %s "$1"', script)
        assert said.out == script, name
        # `return` ends what `eval` reads; the rest is parsed all the same.
        parsed = ask(f"in-{shell}", f"false && {{\n{script}\n}}\nexit 33")
        assert (parsed.status, parsed.out, parsed.err) == (33, "", ""), name
    assert files(home) == before


@pytest.mark.parametrize("shell", SHELLS)
def test_the_lock_and_the_stream_work_in_every_shell(
    accounts: Accounts, ask: Ask, shell: str
) -> None:
    home = accounts.homes[f"in-{shell}"]
    words = (str(home / "lock"), "shop", "", "")
    took = ask(f"in-{shell}", LOCK.text, *words, "take", "abc123", "", stdin=b"{}\n")
    assert (took.status, took.err) == (0, "")
    seen = ask(f"in-{shell}", LOCK.text, *words, "look", "", "")
    assert "run\tabc123\n" in seen.out
    gone = ask(f"in-{shell}", LOCK.text, *words, "release", "abc123", "")
    assert (gone.status, gone.err) == (0, "")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_command_that_takes_long_is_bounded_on_the_host_too(ssh: Ssh, shell: str) -> None:
    assert ssh.run(f"in-{shell}", "echo it\\'s fine; exit 3", timeout=100).out == "it's fine\n"


@pytest.mark.parametrize("shell", RC_FILE)
def test_what_a_login_shell_prints_is_left_out(accounts: Accounts, ask: Ask, shell: str) -> None:
    account = f"in-{shell}"
    noise = "echo Welcome to lb1; sh -c 'head -c 100000 /dev/zero; echo fix: rm -rf / >&2'\n"
    accounts.write(account, RC_FILE[shell], noise)
    try:
        said = ask(account, "echo fine; echo bad >&2; exit 4")
    finally:
        accounts.write(account, RC_FILE[shell], "")
    assert (said.status, said.out, said.err) == (4, "fine\n", "bad\n")


def test_a_greeting_does_not_stand_in_what_haproxy_says(accounts: Accounts, ssh: Ssh) -> None:
    """Where sshd forbids forwarding, a command on the host talks to the socket."""
    with TemporaryDirectory() as place, socket.socket(socket.AF_UNIX) as server:
        path = Path(place, "admin.sock")
        server.bind(str(path))
        server.listen()
        Path(place).chmod(0o755)
        path.chmod(0o666)

        def reply() -> None:
            visitor, _ = server.accept()
            with visitor:
                visitor.recv(100)
                visitor.sendall(b"Name: HAProxy\n")

        answering = threading.Thread(target=reply)
        answering.start()
        accounts.write("in-bash", ".bashrc", "echo Welcome to lb1\n")
        try:
            said = ssh.run("in-bash", relay_command(str(path)), timeout=20, stdin=b"show info\n")
        finally:
            accounts.write("in-bash", ".bashrc", "")
            answering.join(20)
    assert (said.status, said.out) == (0, "Name: HAProxy\n")


# `exit` in the rc file of tcsh, or of fish, ends that file and not the shell.
@pytest.mark.parametrize(
    ("shell", "leave", "ended"),
    [
        ("bash", "exit 0", "exit 0, nothing said"),
        ("zsh", "exit 0", "exit 0, nothing said"),
        *((shell, "exec sh -c 'echo bye; exit 3'", "exit 3; it said: bye") for shell in RC_FILE),
    ],
)
def test_a_login_shell_that_exits_in_its_rc_file_is_named(
    accounts: Accounts, ssh: Ssh, shell: str, leave: str, ended: str
) -> None:
    account = f"in-{shell}"
    marker = accounts.homes[account] / "ran"
    accounts.write(account, RC_FILE[shell], f"{leave}\n")
    try:
        with pytest.raises(LoginShellFailed) as caught:
            ssh.run(account, f"touch {marker}", timeout=20)
    finally:
        accounts.write(account, RC_FILE[shell], "")
    assert f"the login shell ended before our command ran ({ended}" in caught.value.what
    assert RC_FILE[shell] in caught.value.fix
    assert not caught.value.asked
    assert not marker.exists()


@pytest.mark.parametrize("waits", ["exec sleep 60", "yes Welcome", "yes Welcome >&2"])
def test_a_login_shell_that_waits_in_its_rc_file_is_named(
    accounts: Accounts, ssh: Ssh, waits: str
) -> None:
    assert ssh.run("in-bash", "true", timeout=20).ok
    accounts.write("in-bash", ".bashrc", f"{waits}\n")
    try:
        with pytest.raises(CommandTimedOut, match="the login shell had not even begun it"):
            ssh.run("in-bash", "true", timeout=2)
    finally:
        accounts.write("in-bash", ".bashrc", "")


@pytest.mark.parametrize("shell", REFUSED)
def test_a_shell_that_runs_no_commands_is_refused_by_name(ssh: Ssh, shell: str) -> None:
    with pytest.raises(LoginShellFailed, match=REFUSED[shell]) as caught:
        ssh.run(f"in-{shell}", "echo 'a\nb'", timeout=20)
    assert caught.value.fix
    assert not caught.value.asked


def test_a_script_that_is_too_long_for_an_argument_is_not_sent(ssh: Ssh) -> None:
    with pytest.raises(SshError, match="bytes long; 131000 can be sent") as caught:
        ssh.run("in-sh", ": " + "x" * 131_000, timeout=20)
    assert not caught.value.asked
    assert ssh.run("in-sh", ": " + "x" * 125_000, timeout=20).ok
