"""Two operators with logins of their own on one bastion: one goes on with the run of the other."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from examples.fleet import until
from examples.fleet.machine import make_key
from tests.integration.trouble.conftest import Troubled, shop, trouble_in
from tests.support.accounts import TEAM, UIDS, Accounts
from tests.support.bastion import restarts

pytestmark = pytest.mark.integration

__all__ = ["shop", "trouble_in"]


def admit(shop: Troubled, accounts: Accounts) -> Path:
    """Let both operators reach the fleet, each with a key of their own; return the settings."""
    fleet = shop.fleet
    fleet.directory.chmod(0o755)
    for balancer in fleet.balancers.values():
        balancer.directory.chmod(0o755)
        balancer.socket.chmod(0o660)
        os.chown(balancer.socket, 0, TEAM)
    own = [line for line in fleet.ssh_config.read_text().splitlines() if "IdentityFile" not in line]
    config = accounts.write(accounts.place / "ssh_config", "\n".join([*own, ""]), by="root")
    for name in ("alice", "bob"):
        directory = accounts.directory(accounts.home(name) / ".ssh", by=name, mode=0o700)
        public = make_key(directory / "id_ed25519")
        for path in directory.iterdir():
            os.chown(path, UIDS[name], UIDS[name])
        for host in fleet.directory.rglob("authorized_keys"):
            host.write_text(f"{host.read_text()}{public}\n")
    lock = accounts.directory(accounts.place / "lock", by="root", mode=0o2770, group=TEAM)
    shop.settings(ssh__config=str(config), lock__directory=str(lock))
    return accounts.write(
        accounts.place / "rollout.toml", fleet.settings_file.read_text(), by="root"
    )


def test_one_operator_resumes_what_another_has_stopped(shop: Troubled, accounts: Accounts) -> None:
    accounts.share_state()
    settings = admit(shop, accounts)
    words = ("-m", "rollout", "--config", str(settings))
    log = accounts.place / "log"
    with log.open("wb") as said:
        running = subprocess.Popen(
            accounts.command("alice", [sys.executable, *words, "restart"]),
            env=accounts.environment("alice"),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
    until(
        lambda: "web1 restart requested" in log.read_text() or running.poll() is not None, "restart"
    )
    running.send_signal(signal.SIGINT)
    assert running.wait(60) == 5, log.read_text()
    resumed = accounts.rollout("bob", "--config", str(settings), "resume", "--yes")
    assert resumed.returncode == 0, resumed.stderr
    assert shop.all_ready
    assert [restarts(shop, host) for host in ("web1", "web2")] == [1, 1]
