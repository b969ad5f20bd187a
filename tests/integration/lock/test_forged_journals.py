"""A member writes a journal of a run that never was: root contacts no host that it names."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from rollout.adapters.processes import this_process
from rollout.adapters.spelled import spell_holder
from tests.support.logins import ALICE as ALICE_LOGIN
from tests.support.logins import Logins, settings_for
from tests.unit.left_out import ALICE

pytestmark = pytest.mark.integration

DEAD = {**spell_holder(ALICE), "process": {**asdict(this_process()), "pid": 4_000_000}}
PLANT = r"""
import os, sys
os.umask(0o007)
where = "/var/lib/rollout/shop.000001.a11ce0"
with open(where + ".jsonl", "x") as journal, open(where + ".open", "x"):
    journal.write(sys.argv[1])
"""


def settings(logins: Logins, contacted: Path) -> Path:
    """Write settings under which every host that ssh is asked for is written down."""
    config = logins.directory / "ssh_config"
    config.write_text(f"Host *\n  ProxyCommand echo %h >>{contacted}\n")
    path = settings_for(logins, {"directory": logins.shared / "lock"})
    more = f'[ssh]\nconfig = "{config}"\n[deploy]\nto = "/srv/shop"\nrepo = "/srv/shop.git"\n'
    path.write_text(path.read_text() + more)
    return path


def plant(logins: Logins, verb: str, *events: dict[str, object]) -> None:
    began = {
        "event": "record.began",
        "verb": verb,
        "holder": DEAD,
        "hosts": ["database1"],
        "flags": {},
        "settings": {},
    }
    lines = "".join(
        json.dumps({"v": 1, "run": "a11ce0", **line}) + "\n" for line in (began, *events)
    )
    logins.python(ALICE_LOGIN, PLANT, lines)


BEGUN = {
    "event": "deploy.started",
    "release": "20260101000000",
    "revision": "abc",
    "hosts": ["database1"],
    "fresh": True,
}
SWITCHING = {"event": "current.switching"}
IN_PLACE = {"event": "deploy.in_place", "before": {}}
STARTED = {"event": "rollout.started", "targets": ["database1"]}


@pytest.mark.parametrize(
    ("events", "words"),
    [
        pytest.param((BEGUN, SWITCHING), ("recover",), id="recover"),
        pytest.param((BEGUN, IN_PLACE, STARTED), ("resume", "--replan"), id="resume a deploy"),
        pytest.param((STARTED,), ("resume", "--replan"), id="resume a restart"),
    ],
)
def test_a_journal_cannot_name_a_host_that_the_settings_do_not_know(
    logins: Logins, events: tuple[dict[str, object], ...], words: tuple[str, ...]
) -> None:
    logins.for_the_team(logins.shared)
    logins.for_the_team(logins.shared / "lock")
    contacted = logins.directory / "contacted"
    config = settings(logins, contacted)
    plant(logins, "uninterrupted" if BEGUN in events else "restart", *events)

    said = logins.rollout("root", config, *words, "--yes", within=90)

    assert said.returncode == 3, said.stdout + said.stderr
    assert "database1" in said.stderr
    assert not contacted.exists() or "database1" not in contacted.read_text()
    assert (logins.shared / "shop.000001.a11ce0.open").exists(), "nothing was thrown away"
