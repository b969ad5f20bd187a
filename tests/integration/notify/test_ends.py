"""The end of a run does not hang on what others are told; a deploy tells as a restart does."""

import json
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from examples.fleet import Fleet, Shape
from tests.integration.conftest import MakeFleet
from tests.integration.notify.test_notices_of_a_run import team
from tests.support.disks import a_disk
from tests.support.fake_amtool import Amtool
from tests.support.observed_restart import WITHIN, restart, restarted_whole

pytestmark = pytest.mark.integration

SHAPE = Shape(hosts=2, instances=1, boot=0.3, checks="inter 200ms rise 2 fall 2", redispatch=True)
DEPLOYS = Shape(hosts=2, instances=1, boot=0.3, checks="inter 200ms rise 2 fall 2", deploys=True)


def restart_until(fleet: Fleet, began: Path) -> subprocess.Popen[str]:
    """Begin a restart, and wait until a command of it has made the file ``began``."""
    process = subprocess.Popen(
        fleet.command("restart"),
        env=fleet.environment,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    limit = time.monotonic() + WITHIN
    while not began.exists():
        assert time.monotonic() < limit
        time.sleep(0.1)
    return process


def test_ctrl_c_ends_the_wait_for_the_last_hook_and_the_code_stays(
    make_fleet: MakeFleet, tmp_path: Path
) -> None:
    fleet, began = make_fleet(SHAPE), tmp_path / "began"
    fleet.settings({"hooks.after": f"touch {began}; sleep 600", "hooks.timeout": "2m"})
    process = restart_until(fleet, began)
    process.send_signal(signal.SIGINT)
    told = time.monotonic()
    _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert time.monotonic() - told < 5.0
    assert "all serving" in said
    left = subprocess.run(["pgrep", "-f", str(began)], check=False, capture_output=True)
    assert left.stdout == b""


def test_a_second_ctrl_c_leaves_at_once_and_the_team_still_hears_of_it(
    make_fleet: MakeFleet, tmp_path: Path
) -> None:
    fleet, began = make_fleet(SHAPE), tmp_path / "began"
    with team() as heard:
        fleet.settings(
            {
                "hooks.host_out": f"touch {began}; sleep 600",
                "hooks.timeout": "2m",
                "notify.webhook": heard.url,
            }
        )
        process = restart_until(fleet, began)
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        told = time.monotonic()
        _, said = process.communicate(timeout=30)
        assert time.monotonic() - told < 4.0
    assert process.returncode == 6, said
    assert [(one["exit_code"], one["out"]) for one in heard.told] == [(6, ["web1"])]
    left = subprocess.run(["pgrep", "-f", str(began)], check=False, capture_output=True)
    assert left.stdout == b""
    fleet.settings()
    assert fleet.rollout("recover", "--yes", timeout=WITHIN).returncode == 0


def test_a_disk_that_is_full_warns_once_and_stops_nothing(
    make_fleet: MakeFleet, tmp_path: Path
) -> None:
    fleet = make_fleet(SHAPE)
    with a_disk(tmp_path / "disk", "size=16k") as disk:
        path = disk / "shop.prom"
        fleet.settings({"metrics.textfile": str(path)})
        restarted_whole(restart(fleet))
        before = path.read_text()
        with suppress(OSError):
            (disk / "filler").write_bytes(b"x" * (16 << 10))
        outcome = restart(fleet)
        restarted_whole(outcome)
        warned = [x for x in outcome.done.stderr.splitlines() if "cannot be written" in x]
        assert len(warned) == 1
        assert f"{path} cannot be written: No space left on device" in warned[0]
        assert path.read_text() == before


def test_a_deploy_that_is_rolled_back_tells_it_and_leaves_no_silence(
    make_fleet: MakeFleet, tmp_path: Path
) -> None:
    fleet = make_fleet(DEPLOYS)
    amtool = Amtool.install(tmp_path / "alertmanager")
    program, log = amtool.directory / "amtool", tmp_path / "log"
    note = f'echo "$ROLLOUT_HOOK $ROLLOUT_TARGET $ROLLOUT_EXIT_CODE" >> {log}'
    names = ("before", "host_out", "host_back", "failed", "after")
    wishes: dict[str, object] = {f"hooks.{name}": note for name in names}
    wishes |= {
        "silence.begin": f"{program} silence add $ROLLOUT_HOST",
        "silence.end": f'{program} silence expire "$ROLLOUT_SILENCE"',
        "restart.running_timeout": "4s",
        "deploy.hooks.before": f"echo deploy-before >> {log}",
        "deploy.hooks.after": f'echo "deploy-after $ROLLOUT_OUTCOME" >> {log}',
    }
    fleet.settings(wishes)
    good = fleet.rollout("--output", "json", "uninterrupted", timeout=WITHIN)
    assert good.returncode == 0, good.stderr
    assert amtool.silent == []
    lines = [line.strip() for line in log.read_text().splitlines()]
    outs = ["host_out web1", "host_back web1", "host_out web2", "host_back web2"]
    assert lines == ["before", "deploy-before", *outs, "deploy-after live", "after  0"]

    log.unlink()
    fleet.shop.release(broken="fail-boot")
    bad = fleet.rollout("--output", "json", "uninterrupted", timeout=WITHIN)
    assert bad.returncode == 7, bad.stderr
    assert json.loads(bad.stdout.splitlines()[-1])["exit_code"] == 7
    assert amtool.silent == []
    lines = [line.strip() for line in log.read_text().splitlines()]
    assert lines == [
        *("before", "deploy-before", "host_out web1", "host_back web1"),
        *("deploy-after rolled_back", "failed  7", "after  7"),
    ]
