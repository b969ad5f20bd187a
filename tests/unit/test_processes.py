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

from rollout.adapters.processes import is_gone, is_of_an_earlier_boot, this_process, user
from rollout.holders import Process

HOME = Path(__file__).parents[2]

NOBODY = 65534


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


def test_no_process_of_an_earlier_boot_runs() -> None:
    """But a copy of the machine has its names: whoever lives must be listened for."""
    before = replace(this_process(), boot="of yesterday")
    assert is_of_an_earlier_boot(before)
    assert is_of_an_earlier_boot(replace(before, namespace="pid:[1]"))
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


ASK = """
import json, sys
from rollout.adapters.processes import is_gone, is_of_an_earlier_boot, this_process
from rollout.holders import Process
then = Process(**json.loads(sys.argv[1]))
assert this_process().namespace == then.namespace, "not the same namespace"
print("asked", flush=True)
print(is_gone(then))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts /proc and gives up root's rights")
@pytest.mark.parametrize("hide", [1, 2])
def test_a_process_that_proc_hides_from_us_is_not_gone(hide: int) -> None:
    """With ``hidepid`` one operator does not see the processes of another."""
    words = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    words += [sys.executable, "-c", ASK, json.dumps(asdict(this_process()))]
    script = f'mount -t proc -o hidepid={hide} proc /proc || exit 99; cd "$0" && exec "$@"'
    said = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, str(HOME), *words],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(HOME), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    if not said.stdout.startswith("asked"):
        pytest.skip(f"cannot be shown here: {said.stderr.strip()[-200:]}")
    assert said.stdout.split() == ["asked", "False"], "its process lives; it is only hidden"
