"""What `rollout plan` says is what a run then does; and the plan itself changes nothing."""

import json
from typing import Any

import pytest

from examples.fleet import Fleet, Shape
from tests.integration.conftest import MakeFleet
from tests.support.observed_restart import events_of

pytestmark = pytest.mark.integration

TRACES = ("lock", "state", "web*/srv")
"""Where a run leaves something: the lock, the journals, the releases."""


def files_of(fleet: Fleet) -> dict[str, tuple[bytes | str, float]]:
    """Return each file and link with what it has and when it was changed last.

    Directories count by their names: `check` as well tries by writing, and takes it away again.
    """
    found: dict[str, tuple[bytes | str, float]] = {}
    for name in TRACES:
        for path in sorted(fleet.directory.glob(f"{name}/**/*")):
            said: bytes | str = b""
            if path.is_symlink():
                said = str(path.readlink())
            elif path.is_file() and path.suffix != ".log":
                said = path.read_bytes()
            if path.suffix != ".log" and "log" not in path.parts:
                found[str(path)] = said, 0 if path.is_dir() else path.lstat().st_mtime
    return found


def planned(fleet: Fleet, *words: str, code: int = 0) -> dict[str, Any]:
    done = fleet.rollout("plan", *words, "--output", "json")
    assert done.returncode == code, done.stderr
    return dict(json.loads(done.stdout))


def lowest_measured(stdout: str) -> int:
    (impact,) = [e for e in events_of(stdout) if e["event"] == "impact.measured"]
    backends: Any = impact["backends"]
    (backend,) = backends
    return int(backend["lowest"])


@pytest.mark.parametrize(
    ("words", "lowest", "out"),
    [
        ([], 3, [[], ["web1"], [], ["web2"], [], ["web3"], [], ["web4"], []]),
        (["--max-out", "2"], 2, [[], ["web1", "web2"], [], ["web3", "web4"], []]),
        (
            ["--max-out", "3", "--canary", "1", "--floor", "2"],
            2,
            [[], ["web1"], [], ["web2", "web3"], [], ["web4"], []],
        ),
    ],
    ids=["one at a time", "two at a time", "a canary, then as many as the floor allows"],
)
def test_the_lowest_capacity_is_what_a_run_then_measures(
    make_fleet: MakeFleet, words: list[str], lowest: int, out: list[list[str]]
) -> None:
    fleet = make_fleet(Shape(hosts=4, instances=1, boot=2))

    plan = planned(fleet, "restart", *words)
    done = fleet.rollout("--output", "json", "restart", *words)

    assert done.returncode == 0, done.stderr
    (capacity,) = plan["capacity"]
    assert [step["out"] for step in plan["steps"]] == out
    assert capacity["lowest"] == lowest == lowest_measured(done.stdout)
    assert (capacity["serving"], capacity["members"]) == (4, 4)


def test_a_plan_changes_nothing(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(Shape(hosts=2, instances=1, boot=1, deploys=True))
    assert fleet.rollout("uninterrupted").returncode == 0
    revision = fleet.shop.release()
    before, processes = files_of(fleet), fleet.processes()
    assert any(name.endswith(".jsonl") for name in before)
    assert any("/releases/" in name for name in before)

    for words in (["plan", "restart"], ["restart", "--plan"], ["plan", "uninterrupted"]):
        done = fleet.rollout(*words)
        assert done.returncode == 0, done.stderr
        assert "Nothing was changed." in done.stdout

    assert f"release   main {revision[:7]}" in done.stdout
    assert "commits   1 more than what is live" in done.stdout
    assert files_of(fleet) == before
    assert fleet.processes() == processes
