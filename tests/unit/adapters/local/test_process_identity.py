"""A process is gone only when that is certain: a lock is taken from nobody who may live."""

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from rollout.adapters.local import process_identity as processes
from rollout.adapters.local.process_identity import (
    is_gone,
    is_of_an_earlier_boot,
    this_process,
    user,
)
from rollout.model.lock_state import Process
from tests.support.private_files import in_private, machine_id_is

HOME = Path(__file__).parents[4]

PROC_ANEW = "mount -t proc proc /proc"

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount and change its uid")


@pytest.fixture
def an_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give this machine an id, whether it has one or not."""
    (tmp_path / "machine-id").write_text("c0ffee\n")
    monkeypatch.setattr(processes, "MACHINE_ID", tmp_path / "machine-id")


def process_of(child: "subprocess.Popen[bytes]") -> Process:
    """Describe a child, which must not be gone yet."""
    stat = Path(f"/proc/{child.pid}/stat").read_text(encoding="utf-8")
    return replace(this_process(), pid=child.pid, started=int(stat.rpartition(")")[2].split()[19]))


def a_child() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(["sleep", "60"])


def test_this_process_is_not_gone() -> None:
    ours = this_process()
    assert not is_gone(ours)
    assert ours.pid == os.getpid()
    assert ours.started > 0
    assert ours.boot


def test_who_runs_us_has_a_name() -> None:
    assert user()


def test_a_child_is_gone_when_it_has_ended_and_not_before() -> None:
    child = a_child()
    described = process_of(child)
    assert not is_gone(described)
    child.kill()
    child.wait()
    assert is_gone(described)


def test_a_stopped_process_is_not_gone() -> None:
    child = a_child()
    try:
        described = process_of(child)
        child.send_signal(signal.SIGSTOP)
        assert not is_gone(described)
    finally:
        child.kill()
        child.wait()


def test_a_zombie_is_gone_for_it_does_nothing_any_more() -> None:
    child = a_child()
    described = process_of(child)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended; nobody collects it
    assert Path(f"/proc/{child.pid}/stat").read_text(encoding="utf-8").split()[2] == "Z"
    assert is_gone(described)
    child.wait()


def test_a_pid_that_came_round_again_is_another_process() -> None:
    assert is_gone(replace(this_process(), started=this_process().started - 1))


@pytest.mark.usefixtures("an_id")
@pytest.mark.parametrize(
    "elsewhere",
    [
        {"host": "another"},
        {"machine": "another"},
        {"host": "another", "boot": "another"},
        {"machine": "another", "boot": "another"},
        {"namespace": "pid:[1]"},
    ],
)
def test_of_a_process_that_we_cannot_see_nothing_is_certain(elsewhere: dict[str, str]) -> None:
    gone_if_here = replace(this_process(), started=1, pid=2**30)
    assert is_gone(gone_if_here)
    assert not is_gone(replace(gone_if_here, **elsewhere))  # type: ignore[arg-type]  # all texts


@pytest.mark.usefixtures("an_id")
def test_no_process_of_an_earlier_boot_runs() -> None:
    """But a copy of the machine has its names: whoever lives must be listened for."""
    before = replace(this_process(), boot="of yesterday")
    assert is_of_an_earlier_boot(before)
    assert is_of_an_earlier_boot(replace(before, namespace="pid:[1]"))
    assert not is_of_an_earlier_boot(replace(before, machine=""))
    assert not is_gone(before)
    assert not is_of_an_earlier_boot(this_process())
    assert not is_of_an_earlier_boot(replace(before, host="elsewhere"))


def test_a_process_whose_name_looks_like_its_state_is_not_gone(tmp_path: Path) -> None:
    program = tmp_path / "a) Z 1"
    shutil.copy(shutil.which("sleep") or "/bin/sleep", program)
    child = subprocess.Popen([program, "60"])
    try:
        assert not is_gone(process_of(child))
    finally:
        child.kill()
        child.wait()


def ask(script: str, *words: str, mounts: str) -> str:
    """Run a script of Python where root has done ``mounts`` in private; return what it printed."""
    done = subprocess.run(
        [*in_private(mounts), sys.executable, "-c", script, *words],
        check=False,
        capture_output=True,
        text=True,
        cwd=HOME,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


NOBODYS_VIEW = """
import json, os, sys
from rollout.adapters.local.process_identity import is_gone, is_of_an_earlier_boot, this_process
from rollout.model.lock_state import Process
os.setgroups([])
os.setresgid(65534, 65534, 65534)
os.setresuid(65534, 65534, 65534)
then = Process(**json.loads(sys.argv[1]))
assert not os.path.exists(f"/proc/{then.pid}/fd/0"), "it can be seen"
assert this_process().namespace == then.namespace, "not the same namespace"
print(is_gone(then))
"""


@needs_root
@pytest.mark.parametrize("hide", [1, 2])
def test_a_process_that_proc_hides_from_us_is_not_gone(hide: int) -> None:
    """With ``hidepid`` one operator does not see the processes of another."""
    mounts = f"mount -t proc -o hidepid={hide} proc /proc"
    said = ask(NOBODYS_VIEW, json.dumps(asdict(this_process())), mounts=mounts)
    assert said == "False\n", "its process lives; it is only hidden"


# A machine that has no id: minimal systems, images, containers

A_LIFE = """
import os, signal, subprocess, sys
from dataclasses import replace
from rollout.adapters.local import process_identity as processes
child = subprocess.Popen(["sleep", "60"])
ours = processes.this_process()
described = replace(ours, pid=child.pid, started=processes._started(child.pid))
print(repr(described.machine), processes.is_gone(described))
child.kill()
os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # a zombie
print(processes.is_gone(described))
child.wait()
print(processes.is_gone(described), processes.is_gone(replace(described, boot="another")))
"""


@needs_root
@pytest.mark.parametrize("content", [None, "", "uninitialized\n"])
def test_a_dead_process_of_a_machine_without_an_id_is_gone(content: str | None) -> None:
    said = ask(A_LIFE, mounts=machine_id_is(content)).splitlines()
    assert said == ["'' False", "True", "True False"]


@pytest.mark.parametrize(("then", "now"), [("", ""), ("", "c0ffee"), ("c0ffee", "")])
def test_a_machine_id_that_is_missing_on_one_side_hides_no_death(
    then: str, now: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be written between the run and the look: systemd and dbus make it."""
    (tmp_path / "machine-id").write_text(f"{now}\n")
    monkeypatch.setattr(processes, "MACHINE_ID", tmp_path / "machine-id")
    dead = replace(this_process(), machine=then, pid=2**30)
    assert is_gone(dead)
    assert not is_gone(replace(this_process(), machine=then))
    for elsewhere in ({"host": "another"}, {"boot": "another"}, {"namespace": "pid:[1]"}):
        assert not is_gone(replace(dead, **elsewhere))  # type: ignore[arg-type]  # all texts


@pytest.mark.parametrize("then", ["", "c0ffee"])
def test_without_a_machine_id_no_process_is_of_an_earlier_boot(
    then: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two machines may have one host name; only the boot tells them apart."""
    monkeypatch.setattr(processes, "MACHINE_ID", tmp_path / "none")
    before = replace(this_process(), machine=then, boot="of yesterday", pid=2**30)
    assert not is_of_an_earlier_boot(before)
    assert not is_gone(before)


def test_without_proc_nothing_is_certain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "PROC", tmp_path)
    blind = replace(this_process(), pid=2**30)
    assert (blind.boot, blind.namespace) == ("", "")
    assert not is_gone(blind)


# Containers and other namespaces of one machine

LOOK = """
import json, sys
from rollout.adapters.local.process_identity import is_gone
from rollout.model.lock_state import Process
print(is_gone(Process(**json.loads(sys.argv[1]))))
"""

DESCRIBE = """
import json
from dataclasses import asdict
from rollout.adapters.local.process_identity import is_gone, this_process
ours = this_process()
print(json.dumps(asdict(ours)), is_gone(ours), flush=True)
input()
"""


@needs_root
def test_a_process_is_not_gone_for_a_container_of_its_machine() -> None:
    """It has our boot and, without a machine id, our names; its pids are its own."""
    ours = json.dumps(asdict(replace(this_process(), machine="", pid=2**22 - 1)))
    mounts = f"{machine_id_is(None)} && mount -t proc proc /proc"
    words = [*in_private(mounts, "--pid", "--fork"), sys.executable, "-c", LOOK, ours]
    done = subprocess.run(words, check=False, capture_output=True, text=True, cwd=HOME)
    assert done.stdout == "False\n", done.stderr


@needs_root
def test_a_process_is_not_gone_whose_proc_shows_the_pids_of_another_namespace() -> None:
    """``unshare --pid`` alone leaves the old ``/proc``, where its pid is another process."""
    inside = [*in_private("true", "--pid", "--fork"), sys.executable, "-c", DESCRIBE]
    with subprocess.Popen(
        inside, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HOME
    ) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        described, gone = said.rsplit(maxsplit=1)
        assert gone == "False", "it asks about itself"
        (init,) = children_of(process.pid)
        enter = ["nsenter", f"--target={init}", "--pid", *in_private(PROC_ANEW)]
        look = [*enter, sys.executable, "-c", LOOK, described]
        done = subprocess.run(look, check=False, capture_output=True, text=True, cwd=HOME)
        process.communicate("\n")
    assert done.stdout == "False\n", done.stderr


@needs_root
def test_a_process_is_not_gone_for_a_reader_whose_clock_has_an_offset() -> None:
    """In a time namespace the kernel shows every start with the offset of the reader."""
    ours = json.dumps(asdict(this_process()))
    words = ["unshare", "--time", "--boottime", "1000", "--fork", sys.executable, "-c", LOOK, ours]
    done = subprocess.run(words, check=False, capture_output=True, text=True, cwd=HOME)
    assert done.stdout == "False\n", done.stderr


def children_of(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8")
    return [int(child) for child in found.split()]
