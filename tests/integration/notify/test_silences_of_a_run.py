"""Silences on the real fleet: around each host, and ended also for a run that was killed."""

import subprocess
import time
from pathlib import Path

import pytest

from examples.fleet import Fleet, Shape
from tests.integration.conftest import MakeFleet
from tests.support.fake_amtool import Amtool
from tests.support.killed_runs import killed_at, left_open, was_killed
from tests.support.observed_restart import WITHIN, restart, restarted_whole, visited

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

SHAPE = Shape(hosts=2, instances=1, boot=0.3, checks="inter 200ms rise 2 fall 2", redispatch=True)


def with_silences(fleet: Fleet, directory: Path, **wishes: object) -> Amtool:
    amtool = Amtool.install(directory / "alertmanager")
    program = amtool.directory / "amtool"
    fleet.settings(
        {
            "silence.begin": f'{program} silence add --duration="${{ROLLOUT_SECONDS}}s" '
            '"instance=~$ROLLOUT_HOST(:.*)?"',
            "silence.end": f'{program} silence expire "$ROLLOUT_SILENCE"',
            **wishes,
        }
    )
    return amtool


def test_each_host_is_silent_while_it_is_out(make_fleet: MakeFleet, tmp_path: Path) -> None:
    fleet = make_fleet(SHAPE)
    amtool = with_silences(fleet, tmp_path)
    restarted_whole(restart(fleet))
    assert amtool.silent == []
    adds, expires = amtool.calls[::2], amtool.calls[1::2]
    assert [line.split()[-1] for line in adds] == ["instance=~web1(:.*)?", "instance=~web2(:.*)?"]
    assert all(" --duration=" in line for line in adds)
    assert len(set(expires)) == 2


@pytest.mark.parametrize("moment", ["target.prepared", "target.maint", "target.returned"])
def test_recover_ends_the_silence_of_a_run_that_was_killed(
    make_fleet: MakeFleet, tmp_path: Path, moment: str
) -> None:
    fleet = make_fleet(SHAPE)
    amtool = with_silences(fleet, tmp_path)
    with visited(fleet) as stage:
        died = killed_at(fleet, moment, "restart")
        assert was_killed(died)
        assert len(amtool.silent) == 1
        done = fleet.rollout("recover", "--yes", timeout=WITHIN)
    outcome = stage.outcome(done)
    assert outcome.tally.failures == ()
    assert done.returncode == 0, done.stderr
    assert amtool.silent == []
    assert left_open(fleet) == []


def test_a_run_that_is_killed_while_the_silence_begins_is_recovered(
    make_fleet: MakeFleet, tmp_path: Path
) -> None:
    """The number is not known then: the command is given the run that died."""
    fleet = make_fleet(SHAPE)
    begun, ended = tmp_path / "begun", tmp_path / "ended"
    fleet.settings(
        {
            "silence.begin": f"touch {begun}; sleep 30; echo 7",
            "silence.end": f'echo "<$ROLLOUT_SILENCE> $ROLLOUT_RUN $ROLLOUT_HOST" > {ended}',
            "silence.timeout": "60s",
        }
    )
    process = subprocess.Popen(
        fleet.command("--output", "json", "restart"),
        env=fleet.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    limit = time.monotonic() + 60
    while not begun.exists():
        assert time.monotonic() < limit
        time.sleep(0.05)
    process.kill()
    said, _ = process.communicate(timeout=30)
    run = said.partition('"run":"')[2].partition('"')[0]
    done = fleet.rollout("recover", "--yes", timeout=WITHIN)
    assert done.returncode == 0, done.stderr
    assert ended.read_text() == f"<> {run} web1\n"


def test_a_host_that_is_left_out_pages(make_fleet: MakeFleet, tmp_path: Path) -> None:
    fleet = make_fleet(SHAPE)
    amtool = with_silences(fleet, tmp_path, **{"restart.running_timeout": "3s"})
    fleet.hosts["web1"].break_boot()
    done = fleet.rollout("restart", timeout=WITHIN)
    assert done.returncode == 6, done.stderr
    assert amtool.silent == []
    calls = len(amtool.calls)
    fleet.hosts["web1"].heal()
    assert fleet.rollout("recover", "--yes", timeout=WITHIN).returncode == 0
    assert len(amtool.calls) == calls
