"""Who answers on the port after a restart: the new process, or one from before."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from rollout.adapters.monit.supervisor import MonitSupervisor
from rollout.model.fleet import Instance, InstanceState
from tests.support.monitd import Daemon, until

pytestmark = pytest.mark.integration

Make = Callable[..., MonitSupervisor]

SERVER = """\
import socket, time
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", {port}))
listener.listen()
time.sleep(600)
"""
PARENT = """\
import os, pathlib, socket, subprocess, sys, time
listener = socket.socket()
listener.bind(("127.0.0.1", {port}))
listener.listen()
child = subprocess.Popen(["sleep", "600"], pass_fds=[listener.fileno()], start_new_session=True)
pathlib.Path({pid!r}).write_text(str(child.pid))
child.wait()
time.sleep(600)
"""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@pytest.fixture
def port() -> int:
    return free_port()


def server(daemon: Daemon, port: int) -> str:
    """Write a server; return the command that runs it."""
    script = daemon.home / "server.py"
    script.write_text(SERVER.format(port=port))
    return f"{os.path.realpath(sys.executable)} -I -S {script}"


@contextmanager
def ended(pids: Callable[[], set[int]]) -> Iterator[None]:
    """End what a test has left behind."""
    try:
        yield
    finally:
        for pid in pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def of(daemon: Daemon) -> set[int]:
    """Return the pids of the processes that were started below the directory of ``daemon``."""
    found = set()
    for words in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            argv = words.read_bytes().split(b"\0")
            if f"{daemon.home}/server.py".encode() in argv:
                found.add(int(words.parent.name))
    return found


def listening(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def look(monit: MonitSupervisor) -> InstanceState:
    (state,) = asyncio.run(monit.look("web1"))
    return state


def restarted(daemon: Daemon, monit: MonitSupervisor) -> InstanceState:
    """Restart the one instance; return how it is in its new process."""
    daemon.settle()
    for _ in range(2):  # as the preflight does: the second look knows the port
        before = look(monit)
    assert before.survivors == ()
    assert not before.port_lost
    asyncio.run(monit.restart("web1", [Instance(before.name, before.port)]))

    def new_processes() -> bool:
        state = look(monit)
        return state.running and state.process != before.process

    until(new_processes, "a new process")
    return look(monit)


def test_a_clean_restart_leaves_no_process_and_no_socket(
    daemon: Daemon, supervisor: Make, port: int
) -> None:
    daemon.sleeper(f"app_{port}", body=f"exec {server(daemon, port)}")
    daemon.write()
    daemon.start()
    until(lambda: listening(port), "the server to listen")
    after = restarted(daemon, supervisor())
    assert after.survivors == ()
    assert not after.port_lost


def test_a_child_that_outlives_its_wrapper_is_seen_to_listen(
    daemon: Daemon, supervisor: Make, port: int
) -> None:
    daemon.sleeper(f"app_{port}", body=f"{server(daemon, port)} & wait; sleep 600")
    daemon.write()
    with ended(lambda: of(daemon)):
        daemon.start()
        until(lambda: listening(port), "the server to listen")
        (child,) = of(daemon)
        after = restarted(daemon, supervisor())
        (survivor,) = after.survivors
        assert survivor.pid == child
        assert survivor.command.startswith("python")
        assert survivor.listens is True
        assert after.port_lost


def test_a_run_after_a_crash_knows_the_child_of_the_process_before(
    daemon: Daemon, supervisor: Make, port: int
) -> None:
    """What the run that died had written down is all that the next one has."""
    daemon.sleeper(f"app_{port}", body=f"{server(daemon, port)} & wait; sleep 600")
    daemon.write()
    with ended(lambda: of(daemon)):
        daemon.start()
        until(lambda: listening(port), "the server to listen")
        (child,) = of(daemon)
        died, later = supervisor(), supervisor()
        daemon.settle()
        for _ in range(2):
            before = look(died)
        asyncio.run(died.restart("web1", [Instance(before.name, port)]))
        later.remember("web1", {before.name: before.process})
        until(
            lambda: (now := look(later)).running and now.process != before.process, "a new process"
        )
        after = look(later)
        assert [(one.pid, one.listens) for one in after.survivors] == [(child, True)]
        assert after.port_lost


def test_a_helper_that_outlives_the_server_is_seen_not_to_listen(
    daemon: Daemon, supervisor: Make, port: int
) -> None:
    body = f"setsid sleep 300 & echo $! >{daemon.home}/helper$$; exec {server(daemon, port)}"
    daemon.sleeper(f"app_{port}", body=body)
    daemon.write()

    def helpers() -> set[int]:
        return {int(path.read_text()) for path in daemon.home.glob("helper*")}

    with ended(helpers):
        daemon.start()
        until(lambda: listening(port), "the server to listen")
        (first,) = helpers()
        monit = supervisor()
        restarted(daemon, monit)
        until(lambda: listening(port), "the new server to listen")
        after = look(monit)
        assert [(one.pid, one.listens) for one in after.survivors] == [(first, False)]
        assert not after.port_lost


def test_a_socket_that_a_parent_keeps_from_the_new_process_is_found(
    daemon: Daemon, supervisor: Make, port: int
) -> None:
    """The process before had it by inheritance; the new one is started without it."""
    pid = daemon.home / "pid0"
    daemon.sleeper(f"app_{port}")
    daemon.write()
    script = daemon.home / "server.py"
    script.write_text(PARENT.format(port=port, pid=str(pid)))
    with ended(lambda: of(daemon)):
        os.spawnv(os.P_NOWAIT, sys.executable, [sys.executable, "-I", "-S", str(script)])
        until(lambda: pid.exists() and pid.read_text().strip(), "the child to run")
        daemon.start(warm=False)
        after = restarted(daemon, supervisor())
        assert listening(port)
        assert after.survivors == ()
        assert after.port_lost
