"""rollout is killed or stopped in the middle of the transaction, and the site goes on as it was."""

import hashlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from examples.fleet import Fleet
from tests.integration.conftest import MakeFleet
from tests.support.observed_deploy import SMALL, deploy, places
from tests.support.observed_restart import WITHIN, Event, served_without_a_failure, visited

pytestmark = pytest.mark.integration

MOMENTS = (
    {"event": "deploy.started"},
    {"event": "deploy.step", "step": "begin"},
    {"event": "deploy.step_done", "step": "begin"},
    {"event": "deploy.step", "step": "update_code"},
    {"event": "deploy.step_done", "step": "update_code"},
    {"event": "deploy.step", "step": "compile stylesheets"},
    {"event": "deploy.step", "step": "verify"},
    {"event": "deploy.step", "step": "symlink"},
    {"event": "current.switching"},
    {"event": "current.switched"},
    {"event": "deploy.in_place"},
)
SHORT: dict[str, object] = {"deploy.build.slow.timeout": "2s", "deploy.build.stylesheets": None}
HANGS: dict[str, object] = {
    "deploy.build.hang": "setsid sleep 300 & sleep 300",
    "deploy.build.stylesheets": None,
}


@contextmanager
def deploying(fleet: Fleet, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Start a deploy that tells its events, in its own session; it has ended after the block."""
    argv = fleet.command("--output", "json", "uninterrupted", *words)
    with subprocess.Popen(
        argv,
        env=fleet.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def until(process: subprocess.Popen[str], **moment: str) -> Event:
    """Read on to the event that has all of ``moment``."""
    assert process.stdout is not None
    for line in process.stdout:
        event: Event = json.loads(line)
        if moment.items() <= event.items():
            return event
    raise AssertionError(f"the run ended without {moment}")


def contents(fleet: Fleet, release: str) -> dict[Path, str]:
    """Return a digest of every file of a release, on all hosts."""
    trees = [host.srv.releases_directory / release for host in fleet.hosts.values()]
    files = [path for tree in trees for path in tree.rglob("*") if path.is_file()]
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def at_work(fleet: Fleet) -> list[str]:
    """Return the command lines of what still works on a release of this fleet."""
    mark = f"ROLLOUT_TO={fleet.directory}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue  # it has gone, or is somebody else's
    return found


def test_killed_at_any_step_the_old_release_is_live_and_the_next_deploy_needs_no_hand(
    make_fleet: MakeFleet,
) -> None:
    fleet = make_fleet(SMALL)
    commit = fleet.shop.release()
    before, processes = places(fleet), fleet.processes()
    old = contents(fleet, before.live)
    # Holds the run between the transaction and the first drain, however late the last kill comes.
    fleet.settings({"deploy.hooks.switched": "sleep 20"})
    with visited(fleet) as stage:
        for moment in MOMENTS:
            with deploying(fleet) as process:
                until(process, **moment)
                process.kill()
            assert fleet.processes() == processes, moment
            assert set(places(fleet).running.values()) == {before.live}, moment
            assert contents(fleet, before.live) == old, moment
        fleet.settings()
        deployed = deploy(fleet)
    served_without_a_failure(stage.outcome(deployed.outcome.done))
    deployed_whole_again(fleet, deployed.code, commit)
    assert contents(fleet, before.live) == old
    left = set(places(fleet).releases["web1"]) - {before.live}
    assert left == {deployed.release}, "what the dead ones had begun is gone"
    assert at_work(fleet) == []


def deployed_whole_again(fleet: Fleet, code: int, commit: str) -> None:
    assert code == 0
    live = places(fleet).live
    assert {host.srv.revision(live) for host in fleet.hosts.values()} == {commit}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_in_a_build_that_hangs_it_takes_everything_back_at_once(
    make_fleet: MakeFleet, number: signal.Signals
) -> None:
    fleet = make_fleet(SMALL)
    fleet.shop.release()
    fleet.settings(HANGS)
    before = places(fleet)
    with deploying(fleet) as process:
        until(process, event="deploy.step", step="compile hang")
        time.sleep(1)  # until the build runs
        asked = time.monotonic()
        os.kill(process.pid, number)
        account = until(process, event="summary")
        process.wait(timeout=WITHIN)
        took = time.monotonic() - asked
    assert process.returncode == 7
    assert "stopped on request" in str(account)
    assert places(fleet) == before
    assert at_work(fleet) == []
    assert took < 20


def test_a_build_that_hangs_is_ended_at_its_timeout_with_all_it_started(
    make_fleet: MakeFleet,
) -> None:
    fleet = make_fleet(SMALL)
    fleet.shop.release()
    fleet.settings({"deploy.build.slow.run": "setsid sleep 300 & sleep 300", **SHORT})
    before = places(fleet)
    deployed = deploy(fleet)
    assert deployed.code == 7
    assert places(fleet) == before
    assert "no end after 2s" in deployed.said
    assert at_work(fleet) == []


def test_a_current_that_is_no_link_or_leads_nowhere_is_refused_with_its_cure(
    make_fleet: MakeFleet,
) -> None:
    fleet = make_fleet(SMALL)
    fleet.shop.release()
    live = places(fleet).live
    currents = [fleet.hosts[name].srv.directory / "current" for name in ("web1", "web2")]
    for current in currents:
        current.unlink()
    currents[0].mkdir()
    currents[1].symlink_to("gone")
    processes = fleet.processes()
    done = fleet.rollout("uninterrupted", timeout=WITHIN)
    assert done.returncode == 3
    assert "is a directory" in done.stderr
    assert "leads to gone, which is not there" in done.stderr
    assert done.stderr.count("fix:") >= 2
    assert fleet.processes() == processes
    assert places(fleet).releases["web1"] == [live]
