"""Journals of other logins: no host is contacted by their word alone, and none is forgotten."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from rollout.adapters.journal.files import FORMAT
from rollout.adapters.journal.serialization import spell_holder
from rollout.adapters.local.process_identity import this_process
from tests.support.left_out import ALICE
from tests.support.logins import ALICE as ALICE_LOGIN
from tests.support.logins import Logins, settings_for

pytestmark = pytest.mark.integration

DEAD = {**spell_holder(ALICE), "process": {**asdict(this_process()), "pid": 4_000_000}}
Event = Mapping[str, Any]

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


def plant(logins: Logins, verb: str, *events: Event, host: str = "database1") -> None:
    began = {
        "event": "record.began",
        "verb": verb,
        "owner": DEAD,
        "hosts": [host],
        "flags": {},
        "settings": {},
    }
    lines = "".join(
        json.dumps({"v": FORMAT, "run": "a11ce0", **line}) + "\n" for line in (began, *events)
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
    logins: Logins, events: tuple[Event, ...], words: tuple[str, ...]
) -> None:
    logins.for_the_team(logins.shared)
    logins.for_the_team(logins.shared / "lock")
    contacted = logins.directory / "contacted"
    config = settings(logins, contacted)
    plant(logins, "uninterrupted" if BEGUN in events else "restart", *events)

    said = logins.rollout("root", config, *words, "--yes", timeout=90)

    assert said.returncode == 3, said.stdout + said.stderr
    assert "database1" in said.stderr
    assert not contacted.exists() or "database1" not in contacted.read_text()
    assert (logins.shared / "shop.000001.a11ce0.open").exists(), "nothing was thrown away"


def test_a_release_that_could_not_be_taken_back_is_not_forgotten(logins: Logins) -> None:
    """The journal is the only record of it: no server is out, so no lock lists one."""
    logins.for_the_team(logins.shared)
    logins.for_the_team(logins.shared / "lock")
    config = settings(logins, logins.directory / "contacted")
    plant(logins, "uninterrupted", {**BEGUN, "hosts": ["web1"]}, SWITCHING, host="web1")

    first = logins.rollout("root", config, "recover", "--yes", timeout=90)
    deploy = logins.rollout("root", config, "uninterrupted", timeout=90)
    second = logins.rollout("root", config, "recover", "--yes", timeout=90)
    restart = logins.rollout("root", config, "restart", timeout=90)
    given_up = logins.rollout("root", config, "recover", "--abandon", "--yes", timeout=90)
    third = logins.rollout("root", config, "recover", "--yes", timeout=90)

    for said in (first, second):
        assert said.returncode == 5, said.stdout + said.stderr
        assert "web1: no ssh session" in said.stderr
    assert "refused, nothing was changed" in deploy.stderr
    assert "recover` takes it back" in restart.stderr
    assert given_up.returncode == 0, given_up.stderr
    assert "nothing to recover" in third.stdout
