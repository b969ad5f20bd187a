"""One deploy under traffic: what was live before it, what visitors saw, what is live after."""

import hashlib
import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

from examples.fleet import Fleet, Shape, Tally
from tests.support.observed_restart import (
    WITHIN,
    Event,
    Outcome,
    served_without_a_failure,
    visited,
)

DEPLOYABLE = Shape(boot=0.5, deploys=True)
"""Three hosts of two instances; release 1 is live as if Capistrano had left it so."""

SMALL = Shape(hosts=2, instances=1, boot=0.5, deploys=True)

SOON: dict[str, object] = {"restart.running_timeout": "8s"}
"""Long enough for a boot of half a second on a busy machine, and for a test of one that fails."""

PUSH: dict[str, object] = {"deploy.strategy": "push"}


@dataclass(frozen=True, slots=True)
class Places:
    """Where the releases stand, and who runs in which; ``links`` are the texts of ``current``."""

    links: dict[str, str]
    current: dict[str, str]
    releases: dict[str, list[str]]
    running: dict[str, str]

    @property
    def live(self) -> str:
        """The one release that is live: on every host ``current``, and all processes run in it."""
        (name,) = {*self.current.values(), *self.running.values()}
        return name


@dataclass(frozen=True, slots=True)
class Deployed:
    """What came of one run.

    ``places`` are those before and after it.  ``in_place`` is when each file of the release was
    written, by the path, as found when the run said that the release is in place.
    """

    outcome: Outcome
    events: Sequence[Event]
    places: tuple[Places, Places]
    in_place: Mapping[Path, float]

    @property
    def code(self) -> int:
        return self.outcome.done.returncode

    @property
    def said(self) -> str:
        return self.outcome.done.stderr

    @property
    def tally(self) -> Tally:
        return self.outcome.tally

    @property
    def release(self) -> str:
        """The name of the release that was to be deployed."""
        return str(self.the("deploy.started")["release"])

    def the(self, kind: str) -> Event:
        (found,) = self.all(kind)
        return found

    def all(self, kind: str) -> list[Event]:
        return [event for event in self.events if event["event"] == kind]

    def kinds_of(self, host: str) -> list[str]:
        """Return what happened to a host and its target, in order."""
        ours = [e for e in self.events if host in {e.get("host"), e.get("target")}]
        return [str(event["event"]) for event in ours]


def places(fleet: Fleet) -> Places:
    hosts = fleet.hosts.items()
    return Places(
        links={name: host.srv.link for name, host in hosts},
        current={name: host.srv.current for name, host in hosts},
        releases={name: host.srv.releases for name, host in hosts},
        running={
            f"{name}/{instance}": release
            for name, host in hosts
            for instance, release in host.running().items()
        },
    )


def played(fleet: Fleet, *words: str) -> Deployed:
    """Run ``rollout WORDS`` while visitors are there."""
    before = places(fleet)
    with visited(fleet) as stage:
        done, events, in_place = heard(fleet, "--output", "json", *words)
    outcome = stage.outcome(done)
    return Deployed(outcome, events, (before, places(fleet)), in_place)


def heard(
    fleet: Fleet, *words: str
) -> tuple[subprocess.CompletedProcess[str], list[Event], dict[Path, float]]:
    """Run ``rollout WORDS``, reading what it tells while it does so."""
    events: list[Event] = []
    in_place: dict[Path, float] = {}
    with (
        tempfile.TemporaryFile(mode="w+") as said,
        subprocess.Popen(
            fleet.command(*words),
            env=fleet.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        ) as process,
    ):
        limit = Timer(WITHIN, process.kill)
        limit.start()
        assert process.stdout is not None
        for line in process.stdout:
            events.append(json.loads(line))
            if events[-1]["event"] == "deploy.in_place":
                in_place = written(fleet, str(events[-1]["release"]))
        limit.cancel()
        code = process.wait()
        said.seek(0)
        told = "".join(f"{json.dumps(event)}\n" for event in events)
        return subprocess.CompletedProcess(words, code, told, said.read()), events, in_place


def written(fleet: Fleet, release: str) -> dict[Path, float]:
    """Return when each file of a release was last changed in any way, on all hosts that have it."""
    trees = [host.srv.releases_directory / release for host in fleet.hosts.values()]
    return {
        path: path.lstat().st_ctime
        for tree in trees
        if tree.exists()
        for path in (tree, *tree.rglob("*"))
    }


def deploy(fleet: Fleet, *words: str) -> Deployed:
    return played(fleet, "uninterrupted", *words)


def deployed_whole(fleet: Fleet, deployed: Deployed, commit: str) -> None:
    """Hold all of it: nobody noticed, every process is new, and runs ``commit``."""
    outcome = deployed.outcome
    served_without_a_failure(outcome)
    assert deployed.code == 0
    before, after = deployed.places
    assert outcome.new_processes == set(outcome.processes[0])
    assert outcome.servers[1] == outcome.servers[0]
    assert after.live == deployed.release > before.live
    assert {host.srv.revision(after.live) for host in fleet.hosts.values()} == {commit}
    assert deployed.the("summary")["exit_code"] == 0
    in_place_before_anybody_was_taken_out(fleet, deployed)


def in_place_before_anybody_was_taken_out(fleet: Fleet, deployed: Deployed) -> None:
    """Hold that no part of the deploy itself fell into the rolling window."""
    kinds = [event["event"] for event in deployed.events]
    assert kinds.index("deploy.in_place") < kinds.index("target.claimed")
    assert deployed.in_place == written(fleet, deployed.release)
    sheets = [path for path in deployed.in_place if path.match("public/app.css")]
    assert len(sheets) == len(fleet.hosts)


def nothing_was_touched(deployed: Deployed) -> None:
    """Hold that no process, no server line, no ``current`` and no release is another one."""
    outcome = deployed.outcome
    served_without_a_failure(outcome)
    assert deployed.places[1] == deployed.places[0]
    assert outcome.processes[1] == outcome.processes[0]
    assert outcome.servers[1] == outcome.servers[0]
    assert deployed.all("target.claimed") == []


def kept_logs(fleet: Fleet, host: str, release: str) -> str:
    """Return what the builds of a release printed on a host, as it was kept there."""
    logs = fleet.hosts[host].srv.directory / ".rollout" / "log"
    return "\n".join(path.read_text() for path in sorted(logs.glob(f"{release}.*.log")))


def as_artifact(fleet: Fleet, commit: str) -> dict[str, object]:
    """Pack ``commit`` as a build server would; return the settings that deploy it."""
    packed = fleet.shop.artifact(commit, fleet.directory / "shop.tar.gz")
    return {
        "deploy.strategy": "artifact",
        "deploy.artifact": str(packed),
        "deploy.sha256": sha256_of(packed),
        "deploy.build.stylesheets": None,
    }


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def rollout(fleet: Fleet, *words: str) -> subprocess.CompletedProcess[str]:
    """Run ``rollout WORDS`` without visitors."""
    done = fleet.rollout(*words, timeout=WITHIN)
    print(done.stdout, done.stderr, sep="\n")  # noqa: T201 - for the reader of a failure
    return done
