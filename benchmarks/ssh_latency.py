"""What a remote command costs: ours beside OpenSSH with ControlMaster, in the same minutes.

    python -m benchmarks.ssh_latency [rounds]

Starts an sshd of its own on loopback and stops it.  The cases take turns within each round, so
that whatever else the machine does hits all of them; read the ratios before the milliseconds.
A row of ours is "wrapped" where the command runs under timeout(1) on the host: long commands,
and all of root's.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from rollout.adapters.ssh import Ssh, SshOptions
from tests.support.sshd import Sshd, running_sshd

WARM_TARGET, FIRST_TARGET = 5.0, 40.0
"""Milliseconds on a quiet machine: a warm command, and connecting with the first command."""

WARM_EACH = 5
"""Warm commands per round and case, back to back, as polls of several instances come."""


def unbound(_timeout: float, _at_last: float, _user: str) -> str:
    """Stand in for ``bound``, as for a short command of a user who is not root."""
    return ""


def ours(ssh: Ssh, *, wrapped: bool) -> None:
    if wrapped:
        assert ssh.run("web1", "true", timeout=60).ok
        return
    with mock.patch("rollout.adapters.ssh.command.bound", unbound):
        assert ssh.run("web1", "true", timeout=10).ok


def ours_first(config: Path) -> None:
    with Ssh(SshOptions(config=config)) as ssh:
        ours(ssh, wrapped=False)


def openssh(config: Path, *options: str) -> None:
    subprocess.run(
        ["ssh", "-F", str(config), "-oBatchMode=yes", *options, "web1", "true"],
        check=True,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@contextmanager
def control_master(server: Sshd) -> Iterator[list[str]]:
    """Keep one master connection open, as a careful script does; give the options to use it."""
    options = [f"-oControlPath={server.place}/master"]
    base = ["ssh", "-F", str(server.config), "-oBatchMode=yes", *options]
    subprocess.run(
        [*base, "-oControlMaster=yes", "-oControlPersist=yes", "web1", "true"],
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield options
    finally:
        subprocess.run([*base, "-O", "exit", "web1"], check=False, capture_output=True)


def milliseconds(act: Callable[[], None]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def measure(cases: dict[str, tuple[Callable[[], None], int]], rounds: int) -> dict[str, float]:
    """Take turns; the median of each case in milliseconds."""
    taken: dict[str, list[float]] = {name: [] for name in cases}
    for act, _ in cases.values():
        act()
    for _ in range(rounds):
        for name, (act, times) in cases.items():
            taken[name] += [milliseconds(act) for _ in range(times)]
    return {name: statistics.median(values) for name, values in taken.items()}


def show(title: str, medians: dict[str, float], target: float) -> None:
    first = next(iter(medians.values()))
    print(f"\n{title} (target {target:g} ms on a quiet machine)")
    for name, median in medians.items():
        print(f"  {name:<44} {median:7.1f} ms   {median / first:5.2f}")


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with running_sshd() as server, Ssh(SshOptions(config=server.config)) as ssh:
        quick = "-oKexAlgorithms=curve25519-sha256"
        with control_master(server) as master:
            warm = measure(
                {
                    "ours": (lambda: ours(ssh, wrapped=False), WARM_EACH),
                    "ours, wrapped in timeout(1)": (lambda: ours(ssh, wrapped=True), WARM_EACH),
                    "ssh, ControlMaster": (lambda: openssh(server.config, *master), WARM_EACH),
                },
                rounds,
            )
        first = measure(
            {
                "ours": (lambda: ours_first(server.config), 1),
                "ssh, curve25519 as ours": (lambda: openssh(server.config, quick), 1),
                "ssh, its own key exchange": (lambda: openssh(server.config), 1),
            },
            rounds,
        )
    show("Warm command", warm, WARM_TARGET)
    show("Connect and first command", first, FIRST_TARGET)


if __name__ == "__main__":
    main()
