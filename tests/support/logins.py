"""Several logins with real uids, in a mount namespace of their own: the machine keeps its accounts.

A command of a login runs with that login's uid, groups and home.  Inside the namespace ``/etc`` is
a copy that names the logins as well, ``/var/lib`` is empty but for what a test puts there, and the
checkout can be read, wherever it lies.
"""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from rollout.adapters.local.program import Completed
from rollout.adapters.local.shell_command import run_locally
from rollout.ports.commands import CommandResult

CHECKOUT = Path(__file__).parents[2]
STRANGER, ALICE, BOB, CAROL = "mallory", "alice", "bob", "carol"
UIDS = {STRANGER: 4001, ALICE: 4002, BOB: 4003, CAROL: 4004}
TEAM = "rollout"
TEAM_GID = 4100
MEMBERS = (ALICE, BOB)
"""Carol is a colleague of another team, mallory is nobody's colleague."""

ENTER = r"""
set -e
mount --make-rprivate /
mount --bind "$1/etc" /etc
if [ -n "$2" ]; then
  mkdir -p "$1/checkout"
  mount --bind "$3" "$1/checkout"
  mount -t tmpfs -o mode=755 tmpfs "$2"
  mkdir -p "$3"
  mount --bind "$1/checkout" "$3"
fi
mount -t tmpfs -o mode=755 tmpfs /var/lib
mkdir /var/lib/rollout
mount --bind "$1/var-lib-rollout" /var/lib/rollout
user=$4
shift 4
exec setpriv --reuid "$user" --regid "$user" --init-groups -- "$@"
"""


def needs_root() -> None:
    """Skip the test where no namespace can be made; fail there if REQUIRE_DAEMONS is set."""
    words = ["unshare", "-m", "mount", "--make-rprivate", "/"]
    done = subprocess.run(words, check=False, capture_output=True)
    if done.returncode and os.environ.get("REQUIRE_DAEMONS") and os.geteuid() == 0:
        pytest.fail(done.stderr.decode())
    if done.returncode:
        pytest.skip("only root can be several logins")


class Logins:
    """The logins, and what lies where all of them can see it.

    Attributes:
        directory: Root's, and readable for every login.
        shared: What is ``/var/lib/rollout`` for every command of a login.
    """

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="rollout-logins-"))
        self.directory.chmod(0o711)
        self.shared = self.directory / "var-lib-rollout"
        self.shared.mkdir(mode=0o755)
        passwd, group = Path("/etc/passwd").read_text(), Path("/etc/group").read_text()
        self.home("root").mkdir(mode=0o700)
        passwd = passwd.replace(":/root:", f":{self.home('root')}:", 1)
        for name, uid in UIDS.items():
            home = self.home(name)
            home.mkdir(mode=0o700)
            os.chown(home, uid, uid)
            passwd += f"{name}:x:{uid}:{uid}::{home}:/bin/sh\n"
            group += f"{name}:x:{uid}:\n"
        group += f"{TEAM}:x:{TEAM_GID}:{','.join(MEMBERS)}\n"
        etc = self.directory / "etc"
        subprocess.run(["cp", "-a", "/etc", etc], check=True)
        (etc / "passwd").write_text(passwd)
        (etc / "group").write_text(group)

    def close(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)

    def home(self, name: str) -> Path:
        return self.directory / f"home-{name}"

    def for_the_team(self, path: Path) -> Path:
        """Make a directory as the administrator does."""
        path.mkdir(exist_ok=True)
        os.chown(path, 0, TEAM_GID)
        path.chmod(0o2770)
        return path

    def command(self, name: str, words: Sequence[str]) -> list[str]:
        """Return the words that run ``words`` as the login ``name``."""
        closed = [p for p in CHECKOUT.parents if not p.stat().st_mode & 0o001]
        first = str(closed[-1]) if closed else ""
        enter = [str(self.directory), first, str(CHECKOUT), name]
        return ["unshare", "-m", "sh", "-c", ENTER, "enter", *enter, *words]

    def environment(self, name: str, **more: str) -> dict[str, str]:
        """Return what a login shell would set, and nothing of ours."""
        return {
            "HOME": str(self.home(name)),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "COLUMNS": "1000",
            "USER": name,
            "LOGNAME": name,
            "PYTHONDONTWRITEBYTECODE": "1",
            **more,
        }

    def run(
        self, name: str, words: Sequence[str], *, timeout: float = 60.0, **more: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(name, words),
            env=self.environment(name, **more),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def rollout(
        self, name: str, config: Path, *words: str, timeout: float = 60.0, **more: str
    ) -> subprocess.CompletedProcess[str]:
        """Run ``rollout --config CONFIG WORDS`` as ``name``, to its end."""
        typed = [sys.executable, "-m", "rollout", "--config", str(config), *words]
        return self.run(name, typed, timeout=timeout, PYTHONPATH=str(CHECKOUT), **more)

    def python(self, name: str, program: str, *words: str) -> str:
        """Run a program of the test as ``name`` and return what it printed."""
        done = self.run(name, [sys.executable, "-c", program, *words])
        assert done.returncode == 0, done.stderr
        return done.stdout

    def shell(self, name: str, line: str) -> CommandResult:
        """Run a shell line as ``name``; how it ended is for the test to judge."""
        done = self.run(name, ["sh", "-c", line])
        return Completed(done.returncode, done.stdout, done.stderr)

    def machine(self, name: str) -> "Machine":
        return Machine(self, name)


class Machine:
    """Runs the scripts of a lock as one of the logins, as ssh would for that login."""

    def __init__(self, logins: Logins, name: str) -> None:
        self._logins = logins
        self._name = name

    def __call__(
        self, host: str, command: str, *, timeout: float, stdin: bytes | memoryview = b""
    ) -> CommandResult:
        words = self._logins.command(self._name, ["sh", "-c", command])
        settings = [f"{k}={v}" for k, v in self._logins.environment(self._name).items()]
        line = shlex.join(["env", "-i", *settings, *words])
        return run_locally(host, line, timeout=timeout, stdin=stdin)


def tree(path: Path) -> dict[str, tuple[int, int, bytes]]:
    """Describe everything below ``path``: mode, owner and content, links as links."""
    found = {}
    for one in sorted(path.rglob("*")):
        seen = one.lstat()
        content = (
            str(one.readlink()).encode()
            if one.is_symlink()
            else one.read_bytes()
            if one.is_file()
            else b""
        )
        found[str(one.relative_to(path))] = (seen.st_mode, seen.st_uid, content)
    return found


def settings_for(logins: Logins, wishes: Mapping[str, object] | None = None) -> Path:
    """Write settings that every login can read, for an app whose lock lies on this machine."""
    path = logins.directory / "rollout.toml"
    lines = ['app = "shop"', "[balancers.lb1]", 'socket = "/nonexistent/admin.sock"', "[fleet]"]
    lines += ['hosts = ["web1"]', "[lock]"]
    lines += [f'{key} = "{value}"' for key, value in (wishes or {}).items()]
    path.write_text("\n".join(lines) + "\n")
    path.chmod(0o644)
    return path
