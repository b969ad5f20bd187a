"""An upgrade in the middle of a stopped run, on real daemons: its journal is aged as it lies there.

What an older version did not write is taken out of it: settings and events that were added after
commit a2656bc, and the time at which a host was taken out.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from examples.fleet import Fleet, Shape
from tests.support.killed_runs import killed_at, left_open, newest_journal, was_killed

pytestmark = pytest.mark.integration

NEW_EVENTS = ("run.began", "traffic.seen", "impact.measured", "target.prepared")
NEW_SETTINGS = ("hooks.", "notify.", "silence.", "metrics.", "log.", "fleet.pause_")


def aged(line: str) -> str:
    """Return a line of a journal as the older version wrote it; empty if it wrote no such line."""
    said: dict[str, Any] = json.loads(line)
    if said["event"] in NEW_EVENTS:
        return ""
    for key in ("elapsed", "chosen"):
        said.pop(key, None)
    said.get("owned_target", {}).pop("since", None)
    if "settings" in said:
        said["settings"] = {
            key: text
            for key, text in said["settings"].items()
            if not key.startswith(NEW_SETTINGS) and key not in {"require_reason", "confirm"}
        }
    return f"{json.dumps(said)}\n"


def age(journal: Path) -> None:
    journal.write_text("".join(map(aged, journal.read_text().splitlines())))


def test_resume_goes_on_with_a_run_of_an_older_version() -> None:
    with Fleet(Shape(hosts=3)) as fleet:
        died = killed_at(fleet, "target.returned", "--output", "json", "restart")
        assert was_killed(died)
        journal = newest_journal(fleet)
        age(journal)

        history = fleet.rollout("history")
        resumed = fleet.rollout("resume", "--yes")
        shown = fleet.rollout("show", journal.name.split(".")[2])
        why = fleet.rollout("why", "web1")

        assert resumed.returncode == 0, resumed.stderr
        assert "3 of 3 hosts restarted" in resumed.stderr
        assert left_open(fleet) == []
        for said in (history, shown, why):
            assert (said.returncode, said.stderr) == (0, "")
        assert "died" in history.stdout
        assert "not recorded" in shown.stdout
        assert "web1 was last restarted by run" in why.stdout


def test_resume_names_a_setting_that_the_older_version_did_not_have_and_that_is_set() -> None:
    with Fleet(Shape(hosts=2)) as fleet:
        assert was_killed(killed_at(fleet, "target.claimed", "--output", "json", "restart"))
        age(newest_journal(fleet))
        fleet.settings({"hooks.timeout": "5s"})

        refused = fleet.rollout("resume", "--yes")
        resumed = fleet.rollout("resume", "--yes", "--replan")

        assert refused.returncode == 3
        assert 'hooks.timeout is "5s", and the version of rollout that began' in refused.stderr
        assert resumed.returncode == 0, resumed.stderr
        assert left_open(fleet) == []
