"""What `status` shows: each host, what has it out, each backend counted, the lock."""

import json
from dataclasses import replace

import pytest

from rollout.model.findings import BalancerCheck, FleetSnapshot, HostSnapshot
from rollout.model.fleet import (
    Admin,
    BalancerSnapshot,
    Finding,
    InstanceState,
    ProcessIdentity,
    ProcessState,
    ServerState,
)
from rollout.model.lock_state import Kind, LockState, PastRun
from rollout.model.past_runs import UnfinishedRun
from rollout.model.plan import Share
from rollout.model.releases import HostReleases
from rollout.output.report.command_line import with_options
from rollout.output.status import FleetStatus, lock_words, status_json, status_table
from rollout.restart.floor import totals
from tests.support.left_out import ALICE, owned_target, reading, row, server

NOW = 1_000_000.0
OLD, NEW = "20260101000000", "20260201000000"
DIED = PastRun("a.jsonl", ALICE, "restart", targets=("web1", "web2"))


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "1000")


def instance(name: str, pid: int, age: float) -> InstanceState:
    return InstanceState(
        name=name,
        state=ProcessState.RUNNING,
        detail="OK",
        pending="",
        process=ProcessIdentity(pid, 1, "boot"),
        up_since=NOW - age,
    )


def status(seen: BalancerSnapshot, *runs: UnfinishedRun) -> FleetStatus:
    hosts = (
        HostSnapshot(host="web1", instances=(instance("app", 11, 93.0),)),
        HostSnapshot(host="web2", instances=(instance("app", 12, 200_000.0),)),
        HostSnapshot(host="web3"),
    )
    rows: dict[str, list[ServerState]] = {"web1": [], "web2": [], "web3": []}
    for one in seen.servers.values():
        rows[one.server.name].append(one)
    ours = {s for run in runs for h in run.owned_targets for s in h.target.servers}
    snapshot = FleetSnapshot(hosts=hosts, balancers=(BalancerCheck(balancer="lb1", reading=seen),))
    return FleetStatus(
        snapshot=snapshot,
        servers=rows,
        found=runs,
        runs=runs,
        totals=totals(Share(50, percent=True), snapshot.readings, seen.servers, ours),
        releases={h: HostReleases(host=h, link=NEW, current=NEW) for h in ("web1", "web2")},
        release_by_pid={"web1": {11: OLD}, "web2": {12: NEW}},
        now=NOW,
    )


SEEN = reading(
    row(server("web1"), Admin.FORCED_MAINT, "MAINT"), row(server("web2"), Admin(0), "UP 1/3")
)


def died() -> UnfinishedRun:
    held = LockState(place="lb1", owner=ALICE, owned_targets=(owned_target("web1"),))
    out = (owned_target("web1"),)
    return UnfinishedRun(owner=ALICE, owned_targets=out, past=DIED, held=held, certain=True)


def test_each_table_has_headings_and_the_backends_are_counted() -> None:
    text = status_table(status(SEEN))
    assert text == (
        "HOST  SERVER        HAPROXY  STATE    OPEN  OUT BECAUSE OF\n"
        "web1  app/web1@lb1  MAINT    maint    0     not by rollout\n"
        "web2  app/web2@lb1  UP 1/3   serving  0\n"
        "web3  nothing seen\n"
        "\n"
        "HOST  INSTANCE  STATUS  PID  AGE    RELEASE\n"
        f"web1  app       OK      11   1m33s  {OLD}\n"
        f"web2  app       OK      12   2d07h  {NEW}\n"
        "\n"
        "lb1/app  1 of 2 serving, floor 1, 0 open, 0 queued\n"
        "lock     free\n"
        "\n"
        f"web1: `current` leads to {NEW}, processes run {OLD}\n"
    )


def test_what_a_run_has_out_is_named_with_the_run_and_what_to_type() -> None:
    text = status_table(status(SEEN, died()))
    assert "0     run a11ce0, which is over\n" in text
    assert "`rollout recover` brings it back" in text
    assert "not by rollout" not in text
    assert "lock     left by run a11ce0, which is over\n" in text


def test_no_row_grows_with_the_options_that_were_typed() -> None:
    """They are put into the commands of a text that was laid out before."""
    typed = f"rollout --config {'/etc/rollout/a-long-name' * 5}.toml"
    rows, *_ = with_options(status_table(status(SEEN, died())), typed).split("\n\n")
    assert max(map(len, rows.splitlines())) <= 80


def test_a_run_that_lives_has_it_out_and_nothing_is_to_be_typed() -> None:
    text = status_table(status(SEEN, replace(died(), certain=False)))
    assert "run a11ce0, which holds the lock\n" in text
    assert "rollout recover" not in text
    assert "lock     held by alice@bastion (run a11ce0, pid 4711)" in text


def test_what_was_changed_since_is_not_called_the_runs() -> None:
    left = died()
    seen = status(SEEN, left)
    text = status_table(replace(seen, runs=(replace(left, owned_targets=()),)))
    assert "not by rollout" in text


def test_a_weight_that_is_not_that_of_the_file_is_shown() -> None:
    changed = replace(row(server("web2")), weight=7)
    text = status_table(status(reading(row(server("web1")), changed)))
    assert "OPEN  WEIGHT" in text
    assert "serving  0     7\n" in text


def test_too_few_serving_is_said() -> None:
    none = reading(*(row(server(n), Admin.FORCED_MAINT, "MAINT") for n in ("web1", "web2")))
    assert "0 of 2 serving, floor 1, which is under the floor" in status_table(status(none))


def test_a_lock_that_cannot_be_asked_is_not_called_free() -> None:
    seen = status(SEEN)
    blind = replace(seen.snapshot, more=(Finding("lock", "it cannot be reached", ""),))
    assert lock_words(replace(seen, snapshot=blind)) == "not known"


def test_with_a_lock_that_cannot_be_asked_it_is_not_known_who_has_a_server_out() -> None:
    seen = status(SEEN)
    blind = replace(seen.snapshot, more=(Finding("lock", "lb1 does not answer", ""),))
    text = status_table(replace(seen, snapshot=blind))
    assert "web1  app/web1@lb1  MAINT    maint    0     not known\n" in text
    assert "not by rollout" not in text


def test_a_lock_by_hand_names_its_owner() -> None:
    owner = replace(ALICE, kind=Kind.MANUAL, reason="the racks move")
    held = UnfinishedRun(owner=owner, held=LockState(place="lb1", owner=owner))
    assert lock_words(status(SEEN, held)).endswith("the racks move")


def test_machines_get_the_same() -> None:
    told = json.loads(status_json(status(SEEN, died())))
    assert told["run"]["run"] == "a11ce0"
    assert told["runs"] == [told["run"]]
    assert told["totals"] == [
        {
            "balancer": "lb1",
            "backend": "app",
            "servers": 2,
            "serving": 1,
            "floor": 1,
            "sessions": 0,
            "queued": 0,
        }
    ]
    first, second, _ = told["hosts"]
    assert first["current"] == NEW
    assert (first["servers"][0]["out"], first["servers"][0]["out_by_run"]) == (True, "a11ce0")
    assert (second["servers"][0]["out"], second["servers"][0]["out_by_run"]) == (False, None)
    assert (first["instances"][0]["release"], first["instances"][0]["age"]) == (OLD, 93.0)
