"""The disk, the clock, the other end and the screen fail us: nobody is lost, nor the summary."""

import json
import os
import pty
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import pytest

from examples.fleet import until
from examples.fleet.programs import write_program
from rollout.output.lock import FREE
from tests.integration.trouble.conftest import Troubled
from tests.support.bastion import kill_9, last_in, open_in, restarts, state_of
from tests.support.clocks import WallClock
from tests.support.disks import a_disk, fill, read_only
from tests.support.fault_places import a_visitor_stays
from tests.support.started_runs import Ended, Running

pytestmark = pytest.mark.integration

MAINT = 1
HOUR = 3600.0

ENOUGH = 200_000
"""Kilobytes that a run may have at most; the flood is 100 MB on each of two streams."""

FLOOD = """\
#!/bin/sh
if mv {directory}/flood {directory}/spent 2>/dev/null; then
  head -c 100000000 /dev/zero | tr '\\0' x
  head -c 100000000 /dev/zero | tr '\\0' x >&2
  echo
fi
exec monit "$@"
"""

DIRT = r"\033]0;owned\007\033[2J\033[31mred\302\233 5m\302\205\377\376\300\rback\bspace\000"
"""Escape codes in seven and in eight bits, broken UTF-8, and what moves the cursor."""

DIRTY = """\
#!/bin/sh
printf '{dirt}\\n'
printf '{dirt}\\n' >&2
if [ -e {directory}/refuse ]; then exit 1; fi
exec monit "$@"
"""


def done(shop: Troubled) -> None:
    assert shop.all_ready
    assert shop.new_processes("web1")
    assert shop.new_processes("web2")


def nobody_holds_the_lock(shop: Troubled) -> None:
    assert shop.rollout("lock").data.startswith(FREE)


def write_monit(shop: Troubled, name: str, text: str, **words: str) -> None:
    """Let every host have a program that says more than monit, and then what monit says."""
    for host in shop.fleet.hosts.values():
        program = text.format(directory=host.directory, **words)
        write_program(host.directory / "bin" / name, program)


# The disk


def test_a_state_directory_that_nobody_may_write_refuses_and_says_what_to_do(
    shop: Troubled,
) -> None:
    state = state_of(shop)
    with read_only(state):
        checked = shop.rollout("check")
        ended = shop.rollout()
        looked = shop.rollout("status")

    assert (checked.code, ended.code) == (3, 3), ended.said
    for said in (checked.data, ended.said):
        assert f"the journal cannot be written: {state}/rollout: " in said
    assert shop.untouched
    assert looked.code == 0, looked.said
    nobody_holds_the_lock(shop)
    assert "say where it can with XDG_STATE_HOME" in ended.said


def test_a_disk_without_room_for_the_journal_refuses_and_is_left_as_it_was(
    shop: Troubled,
) -> None:
    with a_disk(state_of(shop), "size=100k") as state:
        checked = shop.rollout("check")
        ended = shop.rollout()
        left = [path.name for path in (state / "rollout").iterdir()]

    assert (checked.code, ended.code) == (3, 3), ended.said
    for said in (checked.data, ended.said):
        assert f"the journal cannot be written: {state}/rollout: No space left on device" in said
    assert shop.untouched
    assert left == []
    nobody_holds_the_lock(shop)
    assert "make room there" in ended.said


def test_a_disk_that_fills_up_while_a_host_is_out_costs_no_server_and_no_account(
    shop: Troubled,
) -> None:
    with a_disk(state_of(shop), "size=600k") as state:
        with a_visitor_stays(shop.fleet, "web1"):
            running = shop.start("restart", "--drain-timeout", "5s")
            running.until_says("web1 draining")
            filler = fill(state)
        ended = running.end()
        past = last_in(state)
        served, first = shop.all_ready, shop.fleet.processes()
        left_open = open_in(state)
        filler.unlink()
        resumed = shop.rollout("resume", "--yes")

    assert ended.code == 5, ended.said
    assert "1 of 2 hosts restarted, no server is out because of this run" in ended.said
    assert f"the disk of {state}/rollout is full: nothing more is taken out" in ended.said
    assert "resume" in ended.said
    assert served
    assert first["web1/mongrel_8000"] not in {None, shop.before["web1/mongrel_8000"]}
    assert first["web2/mongrel_8000"] == shop.before["web2/mongrel_8000"]
    assert (past.exit_code, past.done, past.left, past.owned_targets) == (
        5,
        ("web1",),
        ("web2",),
        (),
    )
    assert left_open == []
    assert resumed.code == 0, resumed.said
    done(shop)
    assert restarts(shop, "web1") == 1


# The clock


@pytest.fixture
def clock(shop: Troubled, monkeypatch: pytest.MonkeyPatch) -> WallClock:
    """The clock of every rollout that this test starts, and of nothing else."""
    return WallClock(shop.fleet.directory / "clock", monkeypatch)


@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_a_clock_that_is_stepped_in_the_middle_changes_nothing(
    shop: Troubled, clock: WallClock, step: float
) -> None:
    running = shop.start("--output", "json", "restart", "--drain-timeout", "2s")
    with a_visitor_stays(shop.fleet, "web1"):
        wait_for(running, "target.draining")
        clock.step(step)
    ended = running.end()
    clock.step(0)

    assert ended.code == 0, ended.said
    done(shop)
    stamps = [json.loads(line)["at"] for line in ended.data.splitlines()]
    hours = [stamp[11:13] for stamp in stamps]
    assert hours[0] != hours[-1], "the clock was stepped"
    assert last_in(state_of(shop)).done == ("web1", "web2")
    nobody_holds_the_lock(shop)
    assert shop.rollout("restart", "--hosts", "web1").code == 0
    assert restarts(shop, "web1") == 2
    assert shop.all_ready


def wait_for(running: Running, event: str) -> None:
    """Wait until the data of a run has ``event``."""
    limit = time.monotonic() + 20
    while event not in running._data.read_text():
        assert running.process.poll() is None, running.said
        assert time.monotonic() < limit, f"{event}: never told"
        time.sleep(0.05)


@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_what_dies_after_its_clock_was_stepped_is_recovered_by_one_with_the_right_time(
    shop: Troubled, clock: WallClock, step: float
) -> None:
    with a_visitor_stays(shop.fleet, "web1"):
        running = shop.start("restart", "--drain-timeout", "2s")
        running.until_says("web1 draining")
        clock.step(step)
    until(lambda: restarts(shop, "web1") == 1, "monit was asked", 20)
    kill_9(running)
    clock.step(0)
    refused = shop.rollout()

    recovered = shop.rollout("recover", "--yes")

    assert refused.code == 3, refused.said
    assert recovered.code == 0, recovered.said
    assert shop.all_ready
    nobody_holds_the_lock(shop)
    assert shop.rollout("resume", "--yes").code == 0
    assert shop.all_ready
    assert shop.new_processes("web2")
    assert [restarts(shop, "web1"), restarts(shop, "web2")] == [1, 1]


# 100 MB


def test_100_mb_from_monit_before_anything_is_touched_are_a_finding(shop: Troubled) -> None:
    shop.settings(monit__command="loud")
    write_monit(shop, "loud", FLOOD)
    (shop.fleet.hosts["web1"].directory / "flood").touch()

    ended, most = watched_to_its_end(shop.start())

    assert ended.code == 3, ended.said
    assert "printed more than is read" in ended.said
    assert len(ended.said) < 20_000
    assert most < ENOUGH
    assert shop.untouched
    nobody_holds_the_lock(shop)


def test_100_mb_from_monit_before_the_restart_cost_only_time(shop: Troubled) -> None:
    shop.settings(monit__command="loud")
    write_monit(shop, "loud", FLOOD)
    with a_visitor_stays(shop.fleet, "web1"):
        running = shop.start("restart", "--drain-timeout", "5s")
        running.until_says("web1 draining")
        (shop.fleet.hosts["web1"].directory / "flood").touch()

    ended, most = watched_to_its_end(running)

    assert (shop.fleet.hosts["web1"].directory / "spent").exists()
    assert ended.code == 0, ended.said
    waited = [line for line in ended.said.splitlines() if "not free to be restarted" in line]
    # the shell there keeps all of it before it prints it: on a slow machine for longer than a look
    reasons = ("printed more than is read", "had not ended after")
    assert any(reason in line for line in waited for reason in reasons)
    assert len(ended.said) < 20_000
    assert most < ENOUGH
    assert shop.all_ready
    nobody_holds_the_lock(shop)


def test_100_mb_from_monit_after_the_restart_cost_only_time(shop: Troubled) -> None:
    shop.settings(monit__command="loud", restart__running_timeout="20s")
    write_monit(shop, "loud", FLOOD)
    running = shop.start()
    running.until_says("restart requested")
    until(lambda: restarts(shop, "web1") == 1, "monit was asked")
    (shop.fleet.hosts["web1"].directory / "flood").touch()

    ended, most = watched_to_its_end(running)

    assert (shop.fleet.hosts["web1"].directory / "spent").exists()
    assert ended.code == 0, ended.said
    assert len(ended.said) < 20_000
    assert most < ENOUGH
    done(shop)
    assert restarts(shop, "web1") == 1


def test_100_mb_from_the_smoke_command_fill_no_memory_and_lose_nobody(shop: Troubled) -> None:
    smoke = "head -c 100000000 /dev/zero | tr '\\0' x; head -c 100000000 /dev/zero >&2"
    shop.settings(restart__smoke=smoke)

    ended, most = watched_to_its_end(shop.start())

    assert ended.code == 0, ended.said
    assert most < ENOUGH
    done(shop)


def test_100_mb_from_a_smoke_command_that_fails_are_not_printed(shop: Troubled) -> None:
    smoke = "head -c 100000000 /dev/zero | tr '\\0' x; exit 1"
    shop.settings(restart__smoke=smoke)

    ended, most = watched_to_its_end(shop.start())

    assert ended.code == 6, ended.said
    assert "web1   out (maint)" in ended.said
    assert len(ended.said) < 20_000
    assert most < ENOUGH
    assert shop.admin("web1") == MAINT
    assert shop.same("web2")


def watched_to_its_end(running: Running) -> tuple[Ended, int]:
    """Wait for the end of a run; return with it the most memory that it had, in kilobytes."""
    most, limit = 0, time.monotonic() + 90
    while running.process.poll() is None and time.monotonic() < limit:
        with suppress(OSError):
            most = max(most, most_memory(running.process.pid))
        time.sleep(0.02)
    assert most
    return running.end(1), most


def most_memory(pid: int) -> int:
    """Read the most memory that a process ever had; 0 for one that is ending."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    rows = dict(line.split(":", 1) for line in lines)
    return int(rows.get("VmHWM", "0 kB").split()[0])


# Dirt


def nothing_raw(shop: Troubled) -> None:
    """See that no run has printed anything but plain lines of UTF-8."""
    texts = [file.read_bytes().decode() for file in shop.fleet.directory.glob("run-*.*")]  # strict
    lines = [line for text in texts for line in text.split("\n")]
    assert [line for line in lines if not line.isprintable()] == []


def json_lines(ended: Ended) -> list[dict[str, object]]:
    return [json.loads(line) for line in ended.data.splitlines()]


@pytest.mark.parametrize("output", ["plain", "json"])
def test_dirt_from_monit_reaches_no_screen_and_hides_no_answer(shop: Troubled, output: str) -> None:
    shop.settings(monit__command="dirty")
    write_monit(shop, "dirty", DIRTY, dirt=DIRT)
    ended = shop.rollout("--output", output, "--verbose", "restart")
    processes, served = shop.fleet.processes(), shop.all_ready
    (shop.fleet.hosts["web2"].directory / "refuse").touch()

    refused = shop.rollout("--output", output, "restart")

    assert ended.code == 0, ended.said
    assert served
    assert all(processes[name] not in {None, shop.before[name]} for name in processes)
    assert refused.code == 3, refused.said
    assert shop.fleet.processes() == processes
    nothing_raw(shop)
    if output == "json":
        assert json_lines(ended)[-1]["exit_code"] == 0
        assert json_lines(refused)[-1]["exit_code"] == 3


@pytest.mark.parametrize("output", ["plain", "json"])
def test_dirt_from_a_smoke_command_reaches_no_screen(shop: Troubled, output: str) -> None:
    shop.settings(restart__smoke=f"printf '{DIRT}\\n'; printf '{DIRT}\\n' >&2; exit 1")

    ended = shop.rollout("--output", output, "restart")

    assert ended.code == 6, ended.said
    assert shop.admin("web1") == MAINT
    assert shop.same("web2")
    nothing_raw(shop)
    if output == "json":
        assert json_lines(ended)[-1]["exit_code"] == 6


def frozen(shop: Troubled) -> Path:
    """Take the lock by hand; return the file that says who has it, and why: ``REASON``."""
    assert shop.rollout("lock", "acquire", "--reason", "REASON").code == 0
    return shop.fleet.directory / "lock" / "rollout-shop" / "lock" / "holder"


def codes_of(shop: Troubled, *commands: str) -> list[int]:
    return [shop.rollout(*typed.split()).code for typed in commands]


def test_dirt_in_the_lock_reaches_no_screen(shop: Troubled) -> None:
    owner = frozen(shop)
    dirty = b"\\u001b]0;owned\\u0007\\u001b[2J\\u009b31m\\u0085\\ud800\\r \xff\xfe \xc2\x9b5m"
    owner.write_bytes(owner.read_bytes().replace(b"REASON", dirty))

    changing = codes_of(
        shop,
        "restart --wait-lock 1s",
        "--output json restart",
        "restart --cron",
        "lock acquire --reason again",
        "recover --yes",
    )
    looking = codes_of(shop, "lock", "--output json lock", "status", "--output json status")
    released = shop.rollout("lock", "release")

    assert (changing, looking) == ([4] * 5, [0] * 4)
    assert released.code == 0, released.said
    assert shop.untouched
    nobody_holds_the_lock(shop)
    nothing_raw(shop)


def test_a_lock_that_cannot_be_read_is_respected_and_can_be_broken(shop: Troubled) -> None:
    owner = frozen(shop)
    owner.write_bytes(b"\xff\xfe\x1b[2J" + owner.read_bytes())

    changing = codes_of(shop, "restart", "recover --yes")
    looking = codes_of(shop, "lock", "status")
    nothing_raw(shop)
    broken = shop.rollout("lock", "break", "--yes")

    assert (changing, looking) == ([4, 4], [0, 0])
    assert shop.untouched
    assert broken.code == 0, broken.said
    nobody_holds_the_lock(shop)
    nothing_raw(shop)


def test_dirt_in_the_lock_of_a_dead_run_reaches_no_screen_and_hides_nobody(
    shop: Troubled,
) -> None:
    with a_visitor_stays(shop.fleet, "web1"):
        running = shop.start("restart", "--drain-timeout", "30s")
        running.until_says("web1 draining")
        kill_9(running)
    owner = shop.fleet.directory / "lock" / "rollout-shop" / "lock" / "holder"
    said = json.loads(owner.read_bytes())
    said["user"], said["command"] = "\x1b[2Jops\x9b31m\ud800", "rollout\x1b]0;owned\x07 restart"
    owner.write_text(json.dumps(said))

    looked = shop.rollout("status")
    refused = shop.rollout()
    asked = shop.rollout("recover")
    recovered = shop.rollout("recover", "--yes")

    assert (looked.code, refused.code, asked.code) == (0, 3, 3)
    assert recovered.code == 0, recovered.said
    assert shop.untouched
    nothing_raw(shop)


# The screen

Screen = Callable[[], AbstractContextManager[int]]


@contextmanager
def a_terminal_that_nobody_reads() -> Iterator[int]:
    """Give a terminal that takes not one byte more."""
    master, slave = pty.openpty()
    os.set_blocking(slave, False)
    with suppress(BlockingIOError):
        while True:
            os.write(slave, b"x" * 512)
    os.set_blocking(slave, True)
    try:
        yield slave
    finally:
        os.close(slave)
        os.close(master)


@contextmanager
def a_pipe_that_nobody_reads() -> Iterator[int]:
    """Give a pipe that takes not one byte more."""
    unread, full = os.pipe()
    os.set_blocking(full, False)
    with suppress(BlockingIOError):
        while True:
            os.write(full, b"x" * 4096)
    os.set_blocking(full, True)
    try:
        yield full
    finally:
        os.close(full)
        os.close(unread)


@pytest.mark.parametrize(
    ("screen", "output"),
    [
        (a_terminal_that_nobody_reads, "auto"),
        (a_pipe_that_nobody_reads, "plain"),
        (a_pipe_that_nobody_reads, "json"),
    ],
)
def test_a_screen_that_nobody_reads_stops_nothing_and_the_journal_is_whole(
    shop: Troubled, screen: Screen, output: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    with screen() as blocked:
        running = shop.start("--output", output, "restart", stdout=blocked, stderr=blocked)
        ended = running.end(60)

    assert ended.code == 0
    done(shop)
    past = last_in(state_of(shop))
    assert (past.exit_code, past.done, past.left, past.owned_targets) == (
        0,
        ("web1", "web2"),
        (),
        (),
    )
    assert open_in(state_of(shop)) == []
    nobody_holds_the_lock(shop)


def test_ordered_to_leave_before_a_screen_that_nobody_reads_it_leaves_and_the_journal_tells(
    shop: Troubled,
) -> None:
    shop.fleet.hosts["web1"].misbehave("hang-boot")
    with a_terminal_that_nobody_reads() as blocked:
        running = shop.start("restart", stdout=blocked, stderr=blocked)
        until(lambda: restarts(shop, "web1") == 1, "monit was asked", 20)
        running.send(signal.SIGTERM)
        time.sleep(0.3)
        running.send(signal.SIGTERM)
        ended = running.end(4)

    assert ended.code == 6
    past = last_in(state_of(shop))
    assert past.exit_code == 6
    assert [owned_target.target.name for owned_target in past.owned_targets] == ["web1"]
    shop.fleet.hosts["web1"].heal()
    shop.fleet.hosts["web1"].kill_instance("mongrel_8000")
    shop.fleet.hosts["web1"].until_up(20)
    recovered = shop.rollout("recover", "--yes")
    assert recovered.code == 0, recovered.said
    assert shop.all_ready
    assert shop.same("web2")
