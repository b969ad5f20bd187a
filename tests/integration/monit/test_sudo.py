"""The line for sudoers, with the real sudo and an ordinary account: enough, and no more."""

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from rollout.adapters.monit.sudoers import Invocation, sudoers_line
from rollout.adapters.monit.supervisor import MonitOptions, MonitSupervisor
from rollout.model.errors import RestartRefused, SupervisorError
from rollout.model.fleet import Instance
from rollout.text.sudoers import readlink_line
from tests.support.monitd import Daemon, Said, until

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may add a line for sudo"),
    pytest.mark.skipif(not shutil.which("setpriv"), reason="no setpriv"),
]

UID = 4021
AS_DEPLOY = (
    'mount --bind "$1" /etc/sudoers && mount --bind "$2" /etc/passwd && shift 2 && '
    f'exec setpriv --reuid {UID} --regid {UID} --clear-groups sh -c "$1"'
)
"""In a mount namespace of its own: nobody else on the machine sees the line or the summary."""

SCRIPT = Path(__file__).parents[3] / "examples" / "rollout-monit"


@dataclass(frozen=True, slots=True)
class Account:
    """An account ``deploy`` for which sudoers has certain lines."""

    place: Path
    hostname: str = ""
    """What the machine calls itself there; empty: as it does."""

    def allow(self, *lines: str) -> None:
        sudoers = self.place / "sudoers"
        sudoers.write_text("".join(f"{line}\n" for line in ("root ALL=(ALL) ALL", *lines)))
        sudoers.chmod(0o440)
        visudo = shutil.which("visudo") or "/usr/sbin/visudo"
        subprocess.run([visudo, "-cf", str(sudoers)], check=True, capture_output=True)
        (self.place / "passwd").write_text(
            f"root:*:0:0::/:/bin/sh\ndeploy:*:{UID}:{UID}::/:/bin/sh\n"
        )

    def run(self, host: str, command: str, *, timeout: float) -> Said:
        rename = f"echo {self.hostname} >/proc/sys/kernel/hostname && " if self.hostname else ""
        words = ["unshare", "--mount", *(["--uts"] if rename else [])]
        words += ["sh", "-c", rename + AS_DEPLOY, "sh"]
        words += [str(self.place / "sudoers"), str(self.place / "passwd"), command]
        done = subprocess.run(
            words,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout + 10,
            stdin=subprocess.DEVNULL,
        )
        assert host
        return Said(done.returncode, done.stdout, done.stderr)

    def allowed(self, command: str) -> bool:
        """Whether sudo has let it through, whatever became of it."""
        said = self.run("web1", command, timeout=20)
        return "sudo: a password is required" not in said.err + said.out and (
            "rollout-monit: not allowed" not in said.err
        )


@pytest.fixture
def account(tmp_path: Path) -> Account:
    found = subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True)
    if found.returncode:
        pytest.skip("no mount namespace can be made here")
    tmp_path.chmod(0o755)
    return Account(tmp_path)


NAMES = ("app_1", "app.2", "app-3", "-app", "app$")


@pytest.fixture
def fleet(daemon: Daemon) -> Daemon:
    for name in NAMES:
        daemon.sleeper(name, "group app")
    daemon.sleeper("other")
    daemon.write()
    daemon.start()
    daemon.settle()
    return daemon


def by_line(daemon: Daemon, account: Account, group: str, match: str) -> MonitSupervisor:
    command = f"sudo -n {daemon.command}"
    account.allow(sudoers_line(Invocation(command=command, group=group, match=match)))
    options = MonitOptions(command=command, group=group, match=match)
    return MonitSupervisor(account.run, options, asyncio.to_thread)


def by_script(daemon: Daemon, account: Account, group: str, match: str) -> MonitSupervisor:
    """Through ``examples/rollout-monit``, for a sudo that knows no patterns."""
    script = account.place / "rollout-monit"
    text = SCRIPT.read_text().replace('exec "$monit"', f'exec "$monit" -c {daemon.home}/monitrc')
    script.write_text(text)
    script.chmod(0o755)
    command = f"sudo -n {script}"
    account.allow(sudoers_line(Invocation(command=command, group=group, match=match)))
    options = MonitOptions(command=command, group=group, match=match)
    return MonitSupervisor(account.run, options, asyncio.to_thread)


WAYS = [pytest.param(by_line, id="line"), pytest.param(by_script, id="script")]
Way = Callable[[Daemon, Account, str, str], MonitSupervisor]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("group", "match", "names"),
    [
        ("", ".*app.*", NAMES),
        ("", r"app.*", ("app_1", "app.2", "app-3")),
        ("", r"app\.2", ("app.2",)),
        ("app", ".*", ("app_1", "app.2")),
    ],
)
def test_everything_that_a_restart_types_is_allowed(
    fleet: Daemon, account: Account, way: Way, group: str, match: str, names: tuple[str, ...]
) -> None:
    supervisor = way(fleet, account, group, match)
    before = {state.name: state.process for state in asyncio.run(supervisor.look("web1"))}
    assert set(names) <= before.keys()
    asyncio.run(supervisor.restart("web1", [Instance(name) for name in names]))

    def new_processes() -> bool:
        states = {state.name: state for state in asyncio.run(supervisor.look("web1"))}
        return all(
            states[name].process not in {before[name], None} and states[name].running
            for name in names
        )

    until(new_processes, f"{names} to be new")


@pytest.mark.parametrize("way", WAYS)
def test_a_whole_group_is_restarted_by_one_command(
    daemon: Daemon, account: Account, way: Way
) -> None:
    daemon.sleeper("app_1", "group app")
    daemon.sleeper("app_2", "group app")
    daemon.write()
    daemon.start()
    daemon.settle()
    supervisor = way(daemon, account, "app", ".*")
    before = asyncio.run(supervisor.look("web1"))
    asyncio.run(supervisor.restart("web1", [Instance(state.name) for state in before]))
    until(
        lambda: all(
            new.process not in {old.process, None}
            for old, new in zip(before, asyncio.run(supervisor.look("web1")), strict=True)
        ),
        "the group to be new",
    )


ATTACKS = (
    # One argument, so for the script it is a name with blanks; sudo sees no difference.
    "restart '^app_1$ -l {victim}'",
    "-I -d 3600 -l {victim} -p {victim} -s {victim}",
    "-p {victim}",
    "-l {victim} status",
    "-s {victim} status",
    "status -p {victim}",
    "-B -g app status -l {victim}",
    "restart app_1 -p {victim}",
    "restart app_1 -l{victim}",
    "restart -l{victim}",
    "restart -p {victim}",
    "restart -p{victim} app_1",
    "'restart app_1' -p {victim}",
    "'restart app_1\n-p' {victim}",
    "restart '^app_1$' -l {victim}",
    "-H {victim}",
    "-H{victim}",
    "-c {victim} status",
    "-c {victim}",
    "-t",
    "-v status",
    "-I",
    "",
    "quit",
    "reload",
    "stop app_1",
    "start app_1",
    "unmonitor app_1",
    "monitor all",
    "procmatch app",
    "-V -p {victim}",
    "-g '-p' status",
    "-g '' restart",
    "--help",
)


@pytest.mark.parametrize("way", ["line", "group", "narrow", "script"])
def test_nothing_else_is_allowed(account: Account, way: str) -> None:
    victim = account.place / "victim"
    victim.write_text("victim\n")
    victim.chmod(0o600)
    callers = {
        "line": Invocation(),
        "group": Invocation(group="app"),
        "narrow": Invocation(group="app", match="app_.*"),
        "script": Invocation(command=f"sudo -n {account.place}/rollout-monit"),
    }
    caller = callers[way]
    shutil.copy(SCRIPT, account.place)
    account.allow(sudoers_line(caller))
    for attack in ATTACKS[way == "script" :]:
        command = f"{caller.command} {attack.format(victim=victim)}"
        assert not account.allowed(command), attack
    assert victim.read_text() == "victim\n"
    assert victim.stat().st_mode & 0o777 == 0o600
    assert account.allowed(f"{caller.command} -V")
    assert account.allowed(f"{caller.command} -B status")


def test_a_line_for_some_names_allows_no_others(account: Account) -> None:
    account.allow(sudoers_line(Invocation(match=r"app\.[0-9]+")))
    for name in (r"^app\.1$", "app.1"):
        assert account.allowed(f"sudo -n monit restart '{name}'"), name
    for name in ("ssh", "^ssh$", ".*", "^.*$", "^app", "^app.*$", "xapp.1", "all", r"^app\.1|ssh$"):
        assert not account.allowed(f"sudo -n monit restart '{name}'"), name


def test_what_check_prints_is_the_line_that_works(account: Account, daemon: Daemon) -> None:
    daemon.sleeper("app_1")
    daemon.write()
    daemon.start()
    daemon.settle()
    account.allow()
    options = MonitOptions(command=f"sudo -n {daemon.command}", match="app.*")
    monit = MonitSupervisor(account.run, options, asyncio.to_thread)
    with pytest.raises(SupervisorError, match="sudo refused") as caught:
        asyncio.run(monit.look("web1"))
    line = caught.value.fix.partition("and add: ")[2]
    assert line.startswith("deploy ALL=(root) NOPASSWD: /usr/bin/monit ^")
    account.allow(line)
    assert [state.name for state in asyncio.run(monit.look("web1"))] == ["app_1"]


FREEZING = """\
#!/bin/sh
case " $* " in *" restart "*) kill -STOP {pid} ;; esac
exec monit -c {home}/monitrc "$@"
"""


def test_a_silent_daemon_behind_a_warning_of_sudo_may_have_been_asked(
    account: Account, daemon: Daemon
) -> None:
    """As on a host that its own /etc/hosts does not know: sudo warns of it at every call."""
    daemon.sleeper("app_1")
    daemon.write()
    daemon.start()
    daemon.settle()
    assert daemon.process
    script = account.place / "rollout-monit"
    script.write_text(FREEZING.format(pid=daemon.process.pid, home=daemon.home))
    script.chmod(0o755)
    elsewhere = Account(account.place, hostname="ip-10-0-0-9")
    monit = by_account(elsewhere, f"sudo -n {script}")
    (before,) = asyncio.run(monit.look("web1"))
    warned = elsewhere.run("web1", f"sudo -n {script} -V", timeout=20)
    assert "sudo: unable to resolve host ip-10-0-0-9" in warned.err
    try:
        with pytest.raises(SupervisorError, match="does not answer") as caught:
            asyncio.run(monit.restart("web1", [Instance("app_1")]))
    finally:
        daemon.hurt(signal.SIGCONT)
    assert not isinstance(caught.value, RestartRefused)
    until(
        lambda: asyncio.run(monit.look("web1"))[0].process not in {before.process, None},
        "the daemon to do what it was asked for while it was stopped",
    )


def test_a_refusal_behind_a_warning_of_sudo_is_a_refusal(account: Account) -> None:
    elsewhere = Account(account.place, hostname="ip-10-0-0-9")
    elsewhere.allow()
    options = MonitOptions(command="sudo -n monit", match="app.*")
    monit = MonitSupervisor(elsewhere.run, options, asyncio.to_thread)
    with pytest.raises(SupervisorError, match=r"sudo refused \(sudo: a password is required\)"):
        asyncio.run(monit.look("web1"))


def by_account(account: Account, command: str) -> MonitSupervisor:
    account.allow(sudoers_line(Invocation(command=command, match="app.*")))
    options = MonitOptions(command=command, match="app.*")
    return MonitSupervisor(account.run, options, asyncio.to_thread)


def test_what_a_login_may_not_see_of_a_survivor_is_not_said(
    account: Account, daemon: Daemon, tmp_path: Path
) -> None:
    """Another user's descriptors cannot be read, but whether the process has ended can."""
    child = tmp_path / "child"
    daemon.sleeper("app_1", body=f"sleep 300 & echo $! >{child}; wait")
    daemon.write()
    daemon.start()
    daemon.settle()
    monit = by_account(account, f"sudo -n {daemon.command}")
    for _ in range(2):
        (before,) = asyncio.run(monit.look("web1"))
    pid = int(child.read_text())
    asyncio.run(monit.restart("web1", [Instance("app_1")]))
    try:
        until(
            lambda: asyncio.run(monit.look("web1"))[0].process not in {before.process, None},
            "a new process",
        )
        (after,) = asyncio.run(monit.look("web1"))
        assert [(one.pid, one.listens) for one in after.survivors] == [(pid, None)]
    finally:
        os.kill(pid, signal.SIGKILL)


def test_where_a_process_works_is_read_and_nothing_else(account: Account) -> None:
    account.allow(readlink_line("deploy"))
    place = f"/proc/{os.getpid()}"  # root's own, which the summary cannot read
    assert account.run("web1", f"readlink {place}/cwd", timeout=20).out == ""
    said = account.run("web1", f"sudo -n readlink {place}/cwd {place}/root", timeout=20)
    assert said.out == f"{Path.cwd()}\n/\n"
    for words in ("/etc/shadow", "-f /proc/1/cwd", "/proc/1/cwd -f", "/proc/1/../1/cwd", ""):
        assert not account.allowed(f"sudo -n readlink {words}"), words
