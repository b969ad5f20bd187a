"""Hooks around restarts on the real fleet: each at its point, none in the way but `before`."""

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from examples.fleet import Fleet, Shape
from rollout.text.timestamps import seconds_between
from tests.integration.conftest import MakeFleet
from tests.support.killed_runs import killed_at, newest_journal, told_in, was_killed
from tests.support.observed_restart import (
    WITHIN,
    restart,
    restarted_whole,
    served_without_a_failure,
    visited,
)

pytestmark = pytest.mark.integration

SHAPE = Shape(hosts=2, instances=1, boot=0.3, checks="inter 200ms rise 2 fall 2", redispatch=True)
KEEP = "cat > {}/$ROLLOUT_HOOK.$ROLLOUT_TARGET; env > {}/env.$ROLLOUT_HOOK.$ROLLOUT_TARGET"


def kept(directory: Path, hook: str, target: str = "") -> tuple[dict[str, object], dict[str, str]]:
    """Return what a hook has read, and what of its environment is ours."""
    lines = (directory / f"env.{hook}.{target}").read_text().splitlines()
    environ = dict(line.split("=", 1) for line in lines if line.startswith("ROLLOUT_"))
    return json.loads((directory / f"{hook}.{target}").read_text()), environ


def test_every_hook_reads_the_line_that_the_json_output_has(
    make_fleet: MakeFleet, tmp_path: Path
) -> None:
    fleet, keep = make_fleet(SHAPE), KEEP.format(tmp_path, tmp_path)
    hooks = ("before", "host_out", "host_back", "failed", "after")
    fleet.settings({f"hooks.{hook}": keep for hook in hooks})
    outcome = restart(fleet, "--reason", "leaking workers", output="json")
    served_without_a_failure(outcome)
    assert outcome.done.returncode == 0
    lines = [json.loads(line) for line in outcome.done.stdout.splitlines()]
    run = lines[0]["run"]

    def line(event: str, target: str) -> dict[str, object]:
        return next(x for x in lines if (x["event"], x.get("target")) == (event, target))

    common = {"ROLLOUT_APP": "shop", "ROLLOUT_RUN": run, "ROLLOUT_COMMAND": "restart"}
    common |= {"ROLLOUT_REASON": "leaking workers"}
    for name in ("web1", "web2"):
        read, environ = kept(tmp_path, "host_out", name)
        assert read == line("target.claimed", name)
        named = {"ROLLOUT_HOOK": "host_out", "ROLLOUT_TARGET": name, "ROLLOUT_HOST": name}
        assert environ == {**common, **named}
        assert kept(tmp_path, "host_back", name)[0] == line("target.done", name)
    read, environ = kept(tmp_path, "before")
    assert read == lines[0]
    assert environ == {**common, "ROLLOUT_HOOK": "before", "ROLLOUT_HOSTS": "web1 web2"}
    read, environ = kept(tmp_path, "after")
    assert read == lines[-1]
    assert environ == {**common, "ROLLOUT_HOOK": "after", "ROLLOUT_EXIT_CODE": "0"}
    assert not (tmp_path / "failed.").exists()


@pytest.mark.parametrize("moment", ["target.maint", "target.restart_asked"])
def test_a_host_that_recover_puts_back_tells_its_hook_how_long_it_was_out(
    make_fleet: MakeFleet, tmp_path: Path, moment: str
) -> None:
    fleet = make_fleet(SHAPE)
    fleet.settings({"hooks.host_back": KEEP.format(tmp_path, tmp_path)})
    died = killed_at(fleet, moment, "--output", "json", "restart")
    assert was_killed(died)
    (since,) = [str(one["since"]) for one in died.events if one["event"] == "target.draining"]
    time.sleep(2)
    done = fleet.rollout("recover", "--yes", timeout=WITHIN)
    assert done.returncode == 0, done.stderr
    read, _ = kept(tmp_path, "host_back", "web1")
    assert read["event"] == "target.recovered"
    told = {str(one["event"]): str(one["at"]) for one in told_in(newest_journal(fleet))}
    out = seconds_between(since, told.get("target.returned", str(read["at"])))
    assert read["seconds"] == pytest.approx(out, abs=0.01)


def test_before_that_fails_refuses_the_run_and_nothing_was_touched(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(SHAPE)
    fleet.settings({"hooks.before": "echo not on a Friday; exit 1"})
    with visited(fleet) as stage:
        done = fleet.rollout("restart", timeout=WITHIN)
    outcome = stage.outcome(done)
    served_without_a_failure(outcome)
    assert done.returncode == 3
    assert "not on a Friday" in done.stderr
    assert outcome.new_processes == set()
    assert outcome.servers[0] == outcome.servers[1]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("exit 7", "exit 7"),
        ("sleep 600", "no end after 1s"),
        ("setsid sleep 60 & sleep 600", "no end after 1s"),
        ("head -c 100000000 /dev/zero | tr '\\0' x; echo; echo last words; exit 1", "last words"),
        ("no-such-program", "not found"),
    ],
    ids=["fails", "hangs", "leaves-a-child", "prints-100-MB", "is-not-there"],
)
def test_a_hook_that_fails_or_hangs_only_warns(
    make_fleet: MakeFleet, command: str, said: str
) -> None:
    fleet = make_fleet(SHAPE)
    names = ("host_out", "host_back", "after")
    fleet.settings({"hooks.timeout": "1s"} | {f"hooks.{hook}": command for hook in names})
    if said == "last words":
        fleet.settings({"hooks.timeout": "20s"} | {f"hooks.{hook}": command for hook in names})
    outcome = restart(fleet)
    restarted_whole(outcome)
    told = outcome.done.stderr
    for name in ("web1", "web2"):
        for hook in ("host_out", "host_back"):
            (line,) = [x for x in told.splitlines() if f"{name} note: hooks.{hook} failed" in x]
            assert said in line
            assert len(line) < 400
    (last,) = [x for x in told.splitlines() if x.startswith("rollout: hooks: after failed")]
    assert said in last


def test_failed_and_after_learn_of_a_host_that_is_left_out(
    make_fleet: MakeFleet, tmp_path: Path
) -> None:
    fleet, keep = make_fleet(SHAPE), KEEP.format(tmp_path, tmp_path)
    fleet.settings(
        {"restart.running_timeout": "3s", "hooks.failed": keep, "hooks.after": keep}
        | {"hooks.host_back": keep}
    )
    fleet.hosts["web1"].break_boot()
    done = fleet.rollout("restart", timeout=WITHIN)
    assert done.returncode == 6, done.stderr
    for hook in ("failed", "after"):
        read, environ = kept(tmp_path, hook)
        assert (read["event"], read["exit_code"], read["out"]) == ("summary", 6, ["web1"])
        assert environ["ROLLOUT_EXIT_CODE"] == "6"
    assert not (tmp_path / "host_back.web1").exists()


def test_the_end_of_a_run_is_told_before_its_last_hook_has_ended(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(SHAPE)
    fleet.settings({"hooks.after": "sleep 600", "hooks.timeout": "4s"})
    process = subprocess.Popen(
        fleet.command("restart"),
        env=fleet.environment,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "done." in line:
            break
    told = time.monotonic()
    rest = process.stderr.read()
    process.stderr.close()
    assert process.wait(WITHIN) == 0
    assert 2.0 < time.monotonic() - told < 8.0
    assert "hooks: after failed: no end after 4s" in rest


def test_the_environment_of_cron_is_enough(make_fleet: MakeFleet, tmp_path: Path) -> None:
    fleet, keep = make_fleet(SHAPE), KEEP.format(tmp_path, tmp_path)
    prom = tmp_path / "shop.prom"
    fleet.settings(
        {f"hooks.{hook}": keep for hook in ("before", "host_out", "host_back", "after")}
        | {"metrics.textfile": str(prom)}
        | {"silence.begin": "echo 7", "silence.end": f"echo $ROLLOUT_SILENCE >> {tmp_path}/ended"}
    )
    done = subprocess.run(
        fleet.command("restart", "--cron"),
        env=crons(fleet),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert kept(tmp_path, "after")[1]["ROLLOUT_EXIT_CODE"] == "0"
    assert (tmp_path / "ended").read_text() == "7\n7\n"
    assert 'rollout_last_run_exit_code{app="shop",command="restart"} 0\n' in prom.read_text()


def crons(fleet: Fleet) -> dict[str, str]:
    """Return what cron gives to a job, and where this fleet keeps its journals."""
    bare = {"HOME": os.environ["HOME"], "LOGNAME": "root", "SHELL": "/bin/sh"}
    state = {"XDG_STATE_HOME": fleet.environment["XDG_STATE_HOME"]}
    return {**bare, "PATH": "/usr/bin:/bin", **state}
