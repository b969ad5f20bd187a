"""Past runs of a real fleet: what is said of them is what HAProxy and the run itself said."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from examples.fleet import Fleet, Shape
from rollout.text.timestamps import seconds_between
from tests.support.observed_restart import WITHIN

pytestmark = pytest.mark.integration

MANUAL = Path(__file__).parents[3] / "docs" / "how-to" / "programs.md"
REASON = "leaking workers, OPS-311"


@dataclass
class Site:
    """A fleet on which one run went well, one died with web2 out, and two others finished it."""

    fleet: Fleet
    streams: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    why_out: Mapping[str, Any] = field(default_factory=dict)
    by_hand: str = ""

    def json(self, *words: str) -> dict[str, Any]:
        done = self.fleet.rollout("--output", "json", *words)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def text(self, *words: str) -> str:
        done = self.fleet.rollout(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def run(self, *words: str) -> str:
        """Run to the end, and return the run's id."""
        done = self.fleet.rollout("--output", "json", *words)
        assert done.returncode == 0, done.stderr
        return self._keep(done.stdout.splitlines())

    def die(self, event: str, target: str) -> str:
        """Kill a restart by SIGKILL once it has told ``event`` of ``target``."""
        process = subprocess.Popen(
            self.fleet.command("--output", "json", "restart"),
            env=self.fleet.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        told: list[str] = []
        assert process.stdout is not None
        for line in process.stdout:
            told.append(line)
            said = json.loads(line)
            if (said["event"], said.get("target")) == (event, target):
                process.kill()
                break
        process.wait(WITHIN)
        process.stdout.close()
        return self._keep(told)

    def _keep(self, lines: list[str]) -> str:
        told = [json.loads(line) for line in lines]
        run: str = told[0]["run"]
        self.streams[run] = told
        return run


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Fleet(Shape(hosts=3, balancers=2)) as fleet, fleet.visitor(pace=0.05):
        found = Site(fleet)
        found.run("restart", "--reason", REASON)
        found.die("target.empty", "web2")
        found.why_out = found.json("why", "web2")
        found.by_hand = found.text("show", "--by-hand")
        found.run("recover", "--yes")
        found.run("resume", "--yes")
        yield found


def test_history_has_every_run_as_it_ended(site: Site) -> None:
    newest_first = [*reversed(site.streams)]
    runs = site.json("history")["runs"]
    assert [one["run"] for one in runs] == newest_first
    resumed, recovered, died, good = runs
    assert [one["exit_code"] for one in runs] == [0, 0, None, 0]
    assert (good["done"], good["planned"], good["reason"]) == (3, 3, REASON)
    assert (died["done"], died["planned"]) == (1, 3)
    assert died["result"] == f"died, taken over by {recovered['run']}"
    assert (recovered["of"], resumed["of"]) == (died["run"], died["run"])
    for one in (good, recovered, resumed):
        assert one["seconds"] == site.streams[one["run"]][-1]["seconds"]


def test_show_says_of_a_good_run_what_its_summary_said(site: Site) -> None:
    good, *_ = site.streams
    summary, shown = site.streams[good][-1], site.json("show", good[:4])
    assert shown["sentence"] == summary["sentence"]
    assert shown["impact"] == summary["impact"]
    ends = {one["target"]: one["seconds"] for one in summary["targets"]}
    assert {one["target"]: one["seconds"] for one in shown["targets"]} == {
        name: round(seconds, 3) for name, seconds in ends.items()
    }
    for one in shown["targets"]:
        assert {*one["phases"]} == {"drain", "maint", "boot", "check", "watch"}
        for pids in one["instances"].values():
            assert pids["before"] not in {None, pids["after"]}
            assert pids["after"]


def test_a_host_that_a_dead_run_left_out_was_out_until_a_later_run_put_it_back(site: Site) -> None:
    _, died, recovered, resumed = site.streams
    assert site.why_out["out"]["web2"]["run"] == died
    assert {one["out"] for one in site.why_out["servers"]} == {True}
    assert all(died in one["because_of"] for one in site.why_out["servers"])
    shown = site.json("show", died)
    (web2,) = [one for one in shown["targets"] if one["target"] == "web2"]
    assert shown["exit_code"] is None
    assert web2["out"]
    assert web2["back_by"] == recovered
    told = site.streams[recovered]
    back = next(x for x in told if x["event"] in {"target.returned", "target.recovered"})
    assert (web2["since"], web2["until"]) == (drained(site.streams[died], "web2"), back["at"])
    end = next(x for x in told if x["event"] == "target.recovered")
    (again,) = [x for x in site.json("show", recovered)["targets"] if x["target"] == "web2"]
    for seconds in (web2["seconds"], again["seconds"]):
        assert seconds == pytest.approx(end["seconds"], abs=0.005)
    later = {(one["target"], one["run"]) for one in shown["later"]}
    assert later == {("web2", recovered), ("web2", resumed), ("web3", resumed)}


def test_why_says_what_restarted_a_host_last_and_that_it_serves(site: Site) -> None:
    resumed = [*site.streams][-1]
    now = site.json("why", "web2")
    assert now["out"] == {}
    assert {one["serving"] for one in now["servers"]} == {True}
    assert now["causes"][0].startswith(f"web2 was last restarted by run {resumed} of ")


def test_what_puts_a_host_back_by_hand_is_what_haproxy_takes(site: Site) -> None:
    lines = [line for line in site.by_hand.splitlines() if not line.startswith("#")]
    assert len(lines) == 2
    for line in lines:  # web2 serves already: to say so once more changes nothing
        done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == ""


def test_the_log_has_each_order_with_its_answer_though_nothing_was_verbose(site: Site) -> None:
    good, *_ = site.streams
    log = site.text("show", good, "--log")
    for said in (
        "lb1 drain for app/web1@lb1: answered in ",
        "lb2 maint for app/web3@lb2: answered in ",
        "web2 monit restart mongrel_8000, mongrel_8001: answered in ",
        "web1 in rotation everywhere",
    ):
        assert re.search(rf"^2\S+Z {re.escape(said)}", log, flags=re.MULTILINE), said
    stamps = [line.partition(" ")[0] for line in log.splitlines()]
    assert stamps == sorted(stamps)


def test_each_run_has_a_report(site: Site, tmp_path: Path) -> None:
    for run in site.streams:
        file = tmp_path / f"{run}.html"
        assert site.text("report", run, "-o", str(file)) == ""
        page = file.read_text(encoding="utf-8")
        assert page == site.text("report", run)
        assert f"run {run}</h1>" in page
        assert "lb1/app: at least 2 " in page, "its chart of the capacity"


def test_the_last_line_of_a_summary_names_the_command_that_writes_the_report(site: Site) -> None:
    said = site.fleet.rollout("recover", "--yes")
    assert said.returncode == 0
    said = site.fleet.rollout("restart", "--hosts", "web3", "--reason", REASON, "--output", "plain")
    *_, line = said.stderr.splitlines()
    found = re.search(r"rollout .*report [0-9a-f]{6}$", line)
    assert found, line
    assert f'"{REASON}"' in line
    path = f"{Path(sys.executable).parent}{os.pathsep}{site.fleet.environment['PATH']}"
    done = subprocess.run(
        ["sh", "-c", found[0]],
        env={**site.fleet.environment, "PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("<!doctype html>\n")


def moments(stream: Sequence[Mapping[str, Any]], event: str, target: str) -> list[str]:
    """Return when a stream tells an event of a target."""
    return [one["at"] for one in stream if (one["event"], one.get("target")) == (event, target)]


def drained(stream: Sequence[Mapping[str, Any]], target: str) -> str:
    """Return when a load balancer was first told that a target is out."""
    (since,) = [
        one["since"]
        for one in stream
        if (one["event"], one.get("target")) == ("target.draining", target)
    ]
    assert since
    return str(since)


def one_liners() -> list[str]:
    lines = MANUAL.read_text(encoding="utf-8").splitlines()
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ ") and "jq " in line]


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
def test_the_questions_of_the_manual_are_answered_by_jq(site: Site, tmp_path: Path) -> None:
    good, died, recovered, _ = site.streams
    stream = "".join(json.dumps(line) + "\n" for line in site.streams[good])
    (tmp_path / "run.jsonl").write_text(stream)
    path = f"{Path(sys.executable).parent}{os.pathsep}{site.fleet.environment['PATH']}"
    env = {
        **site.fleet.environment,
        "PATH": path,
        "ROLLOUT_CONFIG": str(site.fleet.settings_file),
    }

    def answer(line: str) -> str:
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", line],
            env=env,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), line
        return done.stdout

    who, out, still_out, noticed, fast, stream_who = one_liners()
    bastion = site.streams[good][0]["bastion"]
    assert re.search(rf"^{good} restart by \S+@{bastion}: {REASON}$", answer(who), re.MULTILINE)
    seconds = float(answer(out.replace("show last", f"show {died}")))
    (web2,) = [one for one in site.json("show", died)["targets"] if one["target"] == "web2"]
    left = drained(site.streams[died], "web2")
    (back,) = moments(site.streams[recovered], "target.recovered", "web2")
    assert seconds == web2["seconds"] == pytest.approx(seconds_between(left, back), abs=0.01)
    assert answer(out.replace("show last", f"show {good}")).strip() not in {"", "null"}
    assert answer(still_out.replace("show last", f"show {died}")) == ""
    assert answer(noticed.replace("show last", f"show {good}")) == "0\n"
    table = [line.split("\t") for line in answer(fast).splitlines()]
    assert {tuple(row[1:3]) for row in table} >= {("restart", "done"), ("restart", "")}
    assert re.fullmatch(rf"\S+@{bastion}: {REASON}\n", answer(stream_who))
