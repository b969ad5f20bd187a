"""A socket that a login may not use, a jump host that forwards nothing, a stopped process."""

import grp
import os
import pwd
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rollout.adapters.ssh import NothingListens, Ssh, SshOptions, Unreachable
from rollout.adapters.ssh.client import OVERSLEPT
from rollout.adapters.ssh.connection import Connection
from tests.support.login_shells import Accounts, sshd_with_accounts
from tests.support.sshd import Sshd, running_sshd

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def accounts() -> Iterator[Accounts]:
    with sshd_with_accounts({"deploy": "/bin/sh"}) as made:
        yield made


@pytest.fixture
def place(accounts: Accounts) -> Path:
    """A directory that all logins may enter."""
    directory = accounts.homes["deploy"].parent / f"run-{time.monotonic_ns()}"
    directory.mkdir(mode=0o755)
    return directory


def listening(path: Path, mode: int) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    path.chmod(mode)
    return listener


def why(accounts: Accounts, path: Path) -> NothingListens:
    with (
        Ssh(SshOptions(config=accounts.sshd.config)) as ssh,
        pytest.raises(NothingListens) as caught,
    ):
        ssh.open_socket("deploy", str(path))
    return caught.value


def test_a_socket_of_a_group_is_cured_by_joining_it(accounts: Accounts, place: Path) -> None:
    with listening(place / "s", 0o660):
        os.chown(place / "s", -1, grp.getgrnam("users").gr_gid)
        error = why(accounts, place / "s")
    assert "may not be used by this login" in error.what
    assert error.fix.startswith('on deploy: `sudo usermod -aG users "$(id -un)"`')


@pytest.mark.parametrize("mode", [0o660, 0o600])
def test_a_socket_of_root_alone_is_cured_in_the_configuration(
    accounts: Accounts, place: Path, mode: int
) -> None:
    """So HAProxy makes it without ``group``: a member of root's group may read root's files."""
    with listening(place / "s", mode):
        error = why(accounts, place / "s")
    line = f"stats socket {place}/s mode 660 level admin group haproxy"
    assert error.fix == (
        f"on deploy: in `global` of HAProxy's configuration: `{line}`, reload HAProxy, then "
        '`sudo usermod -aG haproxy "$(id -un)"`; it holds from the next login on'
    )


def test_a_socket_in_a_closed_directory_is_not_called_missing(
    accounts: Accounts, place: Path
) -> None:
    (place / "haproxy").mkdir(mode=0o750)
    with listening(place / "haproxy" / "s", 0o666):
        error = why(accounts, place / "haproxy" / "s")
        os.chown(place / "haproxy", -1, grp.getgrnam("users").gr_gid)
        of_a_group = why(accounts, place / "haproxy" / "s")
    assert "in a directory that this login may not enter" in error.what
    assert f"`sudo chgrp haproxy {place}/haproxy && sudo chmod g+x {place}/haproxy`" in error.fix
    assert "usermod -aG root" not in error.fix
    assert of_a_group.fix.startswith('on deploy: `sudo usermod -aG users "$(id -un)"`')


def test_the_option_that_a_jump_host_lacks_is_named(tmp_path: Path) -> None:
    with running_sshd() as far, running_sshd("AllowTcpForwarding no") as strict:
        config = tmp_path / "config"
        config.write_text(strict.block("bastion") + far.block("web1", "ProxyJump bastion"))
        with Ssh(SshOptions(config=config)) as ssh, pytest.raises(Unreachable) as caught:
            ssh.run("web1", "true", timeout=20)
    assert caught.value.fix.startswith("AllowTcpForwarding yes in sshd_config of bastion")


class Overslept:
    """Lets the first wait for a connection last as long as if the process had been stopped."""

    def __init__(self, ssh: Ssh, sshd: Sshd, seconds: float) -> None:
        self._get: Callable[[str, float], Connection] = ssh._kept.get
        self._sshd = sshd
        self.seconds = seconds

    def get(self, host: str, timeout: float) -> Connection:
        connection = self._get(host, timeout)
        if self.seconds:
            for pid in self._sshd.sessions():  # the other side has given it up meanwhile
                os.kill(pid, 9)
            time.sleep(self.seconds)
            self.seconds = 0.0
        return connection


def test_a_process_that_was_stopped_has_all_of_its_time_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with running_sshd() as sshd, Ssh(SshOptions(config=sshd.config)) as ssh:
        assert ssh.run("web1", "true", timeout=10).ok
        stopped = Overslept(ssh, sshd, 2.0 + OVERSLEPT + 0.5)
        monkeypatch.setattr(ssh._kept, "get", stopped.get)
        assert ssh.run("web1", "echo fine", timeout=2).out == "fine\n"
        assert stopped.seconds == 0.0


def test_a_connection_for_which_no_time_was_left_says_so() -> None:
    with running_sshd() as sshd, Ssh(SshOptions(config=sshd.config)) as ssh:
        with pytest.raises(Unreachable, match="no time was left to connect") as caught:
            ssh._kept.get("web1", -30.0)
        assert "was this process stopped?" in caught.value.fix


def test_a_configuration_of_another_owner_is_made_ones_own(tmp_path: Path) -> None:
    ours = f"{pwd.getpwuid(0).pw_dir}/.ssh"
    if os.geteuid() != 0 or not Path(ours).is_dir():
        pytest.skip("only root, with a directory for ssh, can have one of another login")
    theirs = tmp_path / "ssh"
    theirs.mkdir(mode=0o700)
    (theirs / "config").write_text("Host *\n")
    os.chown(theirs / "config", 4001, 4001)
    script = 'mount --make-rprivate / && mount --bind "$1" "$2" && shift 2 && exec "$@"'
    asks = (
        "from rollout.adapters.ssh import Ssh, SshError, SshOptions\n"
        "try: Ssh(SshOptions()).resolve('web1')\n"
        "except SshError as error: print(error.fix)\n"
    )
    words = ["unshare", "-m", "sh", "-c", script, "sh", str(theirs), ours]
    done = subprocess.run(
        [*words, sys.executable, "-c", asks],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    if "unshare failed" in done.stderr or "mount:" in done.stderr:
        pytest.skip("no mount namespace can be made here")
    assert done.stdout.startswith(f'sudo chown "$(id -un)" {ours}/config'), done.stderr
