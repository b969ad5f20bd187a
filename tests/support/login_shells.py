"""Accounts with real login shells, which exist for one sshd only."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.sshd import Sshd, running_sshd

FIRST_UID = 4011

WITH_ACCOUNTS = 'mount --bind "$1" /etc/passwd && shift && exec "$@"'
"""Run by ``unshare --mount``: nobody else on the machine sees these accounts."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """One host for each account, all of them the same sshd.

    Attributes:
        homes: The home of each account, which is also the name of its host.
    """

    sshd: Sshd
    homes: Mapping[str, Path]

    def write(self, account: str, file: str, text: str) -> None:
        """Write a file into a home, as its owner would."""
        home = self.homes[account]
        path = home / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        for each in (path, *path.parents):
            if each == home:
                break
            os.chown(each, home.stat().st_uid, home.stat().st_gid)


def find_shell(name: str) -> str:
    """Return the path of a shell; skip without it, and fail there if REQUIRE_DAEMONS is set."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if found is None and os.environ.get("REQUIRE_DAEMONS"):
        pytest.fail(f"{name} is not installed")
    return found or pytest.skip(f"{name} is not installed")


@contextmanager
def sshd_with_accounts(shells: Mapping[str, str]) -> Iterator[Accounts]:
    """Start an sshd that knows an account for each of ``shells``, which are paths by name."""
    if os.getuid() != 0:
        pytest.skip("other accounts are for root to make")
    if subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode:
        pytest.skip("no mount namespace can be made here")
    with tempfile.TemporaryDirectory(prefix="accounts-") as text:
        place = Path(text)
        place.chmod(0o755)
        lines = [f"root:x:0:0::/{'root'}:/bin/sh", _line(pwd.getpwnam("sshd")), ""]
        homes = {}
        for uid, (name, shell) in enumerate(shells.items(), FIRST_UID):
            homes[name] = home = place / name
            home.mkdir()
            os.chown(home, uid, uid)
            lines.insert(1, f"{name}:x:{uid}:{uid}::{home}:{shell}")
        (place / "passwd").write_text("\n".join(lines))
        run_by = ("unshare", "--mount", "sh", "-c", WITH_ACCOUNTS, "sh", str(place / "passwd"))
        with running_sshd(run_by=run_by) as server:
            server.place.chmod(0o755)
            (server.place / "authorized").chmod(0o644)
            for name in shells:
                server.configure(name, f"User {name}")
            yield Accounts(server, homes)


def _line(account: pwd.struct_passwd) -> str:
    return ":".join(map(str, account))
