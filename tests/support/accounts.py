"""A bastion with accounts of its own: real uids, in a mount namespace with its own /etc/passwd.

mallory is an outsider, alice and bob are operators in the group ``rollout``, carol has the group
``users`` as her primary group, as older systems give it.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

HOME = Path(__file__).parents[2]

PASSWD = """\
root:x:0:0:root:{place}/home/root:/bin/sh
mallory:x:4001:4001::{place}/home/mallory:/bin/sh
alice:x:4002:4002::{place}/home/alice:/bin/sh
bob:x:4003:4003::{place}/home/bob:/bin/sh
carol:x:4004:4200::{place}/home/carol:/bin/sh
"""
GROUP = """\
root:x:0:
mallory:x:4001:
alice:x:4002:
bob:x:4003:
users:x:4200:
rollout:x:4100:alice,bob
"""
UIDS = {"root": 0, "mallory": 4001, "alice": 4002, "bob": 4003, "carol": 4004}
TEAM = 4100

ENTER = """\
mount --bind "$1/passwd" /etc/passwd && mount --bind "$1/group" /etc/group &&
mount --bind "$1/var-lib" /var/lib && cd "$2" || exit 99
umask "$3"; shift 3; exec "$@"
"""


class Accounts:
    """Runs programs as one of the accounts; ``/var/lib`` is a directory of the test."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.var_lib = place / "var-lib"
        self.var_lib.mkdir(mode=0o755)
        (place / "passwd").write_text(PASSWD.format(place=place))
        (place / "group").write_text(GROUP)
        (place / "home").mkdir(mode=0o755)
        for name, uid in UIDS.items():
            (self.home(name)).mkdir(mode=0o755)
            os.chown(self.home(name), uid, uid)

    def home(self, name: str) -> Path:
        return self.place / "home" / name

    def share_state(self) -> Path:
        """Make the directory that the team shares, as an administrator does."""
        state = self.var_lib / "rollout"
        words = ["install", "-d", "-o", "root", "-g", str(TEAM), "-m", "2770", str(state)]
        subprocess.run(words, check=True)
        return state

    def command(
        self, name: str, words: Sequence[str], *, cwd: Path | None = None, umask: str = "022"
    ) -> list[str]:
        drop = ["setpriv", f"--reuid={name}", f"--regid={UIDS[name]}", "--init-groups"]
        enter = ["unshare", "--mount", "sh", "-c", ENTER, "sh", str(self.place)]
        return [*enter, str(cwd or self.home(name)), umask, *drop, *words]

    def environment(self, name: str, **variables: str) -> dict[str, str]:
        kept = {key: os.environ[key] for key in ("PATH", "LANG", "TMPDIR") if key in os.environ}
        ours = {"COLUMNS": "1000", "PYTHONPATH": str(HOME), "PYTHONDONTWRITEBYTECODE": "1"}
        return {**kept, **ours, "HOME": str(self.home(name)), **variables}

    def run(
        self,
        name: str,
        *words: str,
        cwd: Path | None = None,
        umask: str = "022",
        **variables: str,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as ``name`` and wait for its end."""
        return subprocess.run(
            self.command(name, words, cwd=cwd, umask=umask),
            env=self.environment(name, **variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def rollout(
        self, name: str, *words: str, cwd: Path | None = None, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Type ``rollout WORDS`` as ``name``."""
        return self.run(name, sys.executable, "-m", "rollout", *words, cwd=cwd, **variables)

    def write(self, path: Path, text: str, *, by: str, mode: int = 0o644) -> Path:
        """Let a file stand at ``path`` that the account ``by`` has written."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        os.chown(path, UIDS[by], UIDS[by])
        path.chmod(mode)
        return path

    def directory(self, path: Path, *, by: str, mode: int, group: int | None = None) -> Path:
        path.mkdir(parents=True, exist_ok=True)
        os.chown(path, UIDS[by], UIDS[by] if group is None else group)
        path.chmod(mode)
        return path


@contextmanager
def bastion() -> Iterator[Accounts]:
    """Make a bastion; skip where accounts cannot be used or cannot read this checkout."""
    if os.geteuid() != 0:
        pytest.skip("only root can run programs as other accounts")
    place = Path(tempfile.mkdtemp(prefix="rollout-accounts-", dir="/tmp"))
    place.chmod(0o755)
    try:
        accounts = Accounts(place)
        tried = accounts.run("mallory", sys.executable, "-c", "import rollout.cli.app")
        if tried.returncode:
            pytest.skip(f"another account cannot run this checkout: {tried.stderr[-300:]}")
        yield accounts
    finally:
        shutil.rmtree(place)
