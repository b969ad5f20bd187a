"""Every example of the page about hooks, notices, silences and metrics is played as it stands."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from examples.fleet import Fleet, Shape
from rollout.output.metrics import ENDS, STATE
from tests.integration.conftest import MakeFleet
from tests.integration.notify.test_notices_of_a_run import team
from tests.support.fake_amtool import Amtool
from tests.support.observed_restart import WITHIN, restart, restarted_whole
from tests.test_documents import HOME, blocks

pytestmark = pytest.mark.integration

PAGE = HOME / "docs" / "how-to" / "notify.md"
SHAPE = Shape(hosts=2, instances=1, boot=0.3, checks="inter 200ms rise 2 fall 2", redispatch=True)
PROGRAMS = {
    "logger": '#!/bin/sh\nprintf "%s " "$@" >>"$HERE/logged"; cat >>"$HERE/logged"\n',
    "mail": '#!/bin/sh\nprintf "%s|" "$@" >>"$HERE/mailed"; cat >>"$HERE/mailed"\n',
}
"""What the examples call beside jq and amtool: each notes its words and what it reads."""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a directory in place of /etc, /var/log and the like, with the programs in the path."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, text in PROGRAMS.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    amtool = Amtool.install(tmp_path / "alertmanager")
    monkeypatch.setenv("HERE", str(tmp_path))
    monkeypatch.setenv("PATH", f"{programs}:{amtool.directory}:/usr/sbin:/usr/bin:/sbin:/bin")
    return tmp_path


def example(table: str, key: str, here: Path) -> dict[str, Any]:
    """Return the example of the page that has ``key`` in ``table``, as wishes for a fleet."""
    found = [tomllib.loads(text) for text in blocks(PAGE, "toml")]
    (said,) = [tree[table] for tree in found if key in tree.get(table, {})]
    text = re.sub(r"/(?:etc/rollout|var/log|var/lib/node_exporter)/", f"{here}/", json.dumps(said))
    return {f"{table}.{name}": value for name, value in json.loads(text).items()}


def settings(fleet: Fleet, wishes: dict[str, Any]) -> None:
    """Write ``wishes``; what is kept in a file is a table of TOML."""
    file = fleet.settings({key: said for key, said in wishes.items() if not isinstance(said, dict)})
    for key, said in wishes.items():
        if isinstance(said, dict):
            table, _, name = key.rpartition(".")
            written = f'[{table}]\n{name} = {{ file = "{said["file"]}" }}'
            file.write_text(file.read_text().replace(f"[{table}]", written))


def test_a_freeze_stops_every_run(make_fleet: MakeFleet, here: Path) -> None:
    fleet = make_fleet(SHAPE)
    settings(fleet, example("hooks", "before", here))
    assert fleet.rollout("check").returncode == 0
    (here / "freeze").touch()
    before = fleet.processes()
    frozen = fleet.rollout("restart", timeout=WITHIN)
    assert (frozen.returncode, fleet.processes()) == (3, before)
    (here / "freeze").unlink()
    assert fleet.rollout("restart", timeout=WITHIN).returncode == 0


def test_logs_silences_metrics_and_a_webhook_are_as_the_page_says(
    make_fleet: MakeFleet, here: Path
) -> None:
    fleet = make_fleet(SHAPE)
    with team() as slack:
        (here / "shop.webhook").write_text(f"{slack.url}\n")
        (here / "shop.webhook").chmod(0o600)
        wishes = example("hooks", "after", here) | example("silence", "begin", here)
        wishes |= example("metrics", "textfile", here) | example("notify", "webhook", here)
        settings(fleet, wishes)
        checked = fleet.rollout("check")
        assert checked.returncode == 0, checked.stdout
        assert "hooks." not in checked.stdout
        outcome = restart(fleet, output="json")
    restarted_whole(outcome)
    lines = [json.loads(line) for line in outcome.done.stdout.splitlines()]
    sentence = lines[-1]["sentence"]
    rows = [row.split("\t") for row in (here / "rollout-out.tsv").read_text().splitlines()]
    assert [row[1] for row in rows] == ["web1", "web2"]
    assert all(float(row[2]) > 0 for row in rows)
    assert (here / "logged").read_text() == f"-t rollout {sentence}\n"
    assert [told["event"] for told in slack.told] == ["rollout.started", "summary"]
    assert re.fullmatch(
        r"shop: restart [0-9a-f]{6} by \S+@\S+: done\. 2 of 2 hosts restarted in .*all serving\.",
        slack.told[1]["text"],
    )
    amtool = Amtool(here / "alertmanager")
    assert amtool.silent == []
    assert re.fullmatch(
        rf"silence add --author=rollout --comment=rollout {lines[0]['run']} --duration=\d+s "
        r"instance=~web1\(:\.\*\)\?",
        amtool.calls[0],
    )
    read = text_string_to_metric_families((here / "rollout-shop.prom").read_text())
    assert {family.name for family in read} == {family.name for family in (*STATE, *ENDS)}


def test_a_mail_is_sent_where_a_host_is_left_out(make_fleet: MakeFleet, here: Path) -> None:
    fleet = make_fleet(SHAPE)
    settings(fleet, example("notify", "command", here) | {"restart.running_timeout": "3s"})
    assert fleet.rollout("restart", timeout=WITHIN).returncode == 0
    assert not (here / "mailed").exists()
    fleet.hosts["web1"].break_boot()
    assert fleet.rollout("restart", timeout=WITHIN).returncode == 6
    words, subject, to, text = (here / "mailed").read_text().split("|", 3)
    assert (words, subject, to) == ("-s", "rollout: shop reduced", "ops@example.com")
    assert text.startswith("shop: restart ")
    assert "web1" in text


def test_the_page_names_every_metric_with_its_labels() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for family in (*STATE, *ENDS):
        assert f"`{family.name}{{app" in page
