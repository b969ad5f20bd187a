"""The README is short and true: its ten lines hold, and the changelog has every public name."""

import re
from pathlib import Path
from typing import get_args

from rollout.adapters.monit.sudoers import Invocation, sudoers_line
from rollout.events import Event
from rollout.settings.load import load
from rollout.summary.run import Exit
from rollout.text.sudoers import readlink_line

HOME = Path(__file__).parents[1]
README = (HOME / "README.md").read_text(encoding="utf-8")
TOML = re.compile(r"^```toml\n(.*?)^```", re.MULTILINE | re.DOTALL)
TEN_LINES = TOML.findall(README)[0]


def page(name: str) -> str:
    return (HOME / "docs" / name).read_text(encoding="utf-8")


def test_it_is_short() -> None:
    assert len(README.splitlines()) <= 120


def test_the_ten_lines_are_ten_and_all_that_it_needs(tmp_path: Path) -> None:
    assert len(TEN_LINES.splitlines()) == 10
    (tmp_path / "rollout.toml").write_text(TEN_LINES)
    settings = load(environ={}, config=str(tmp_path / "rollout.toml"), env=None).settings
    assert settings.fleet.names == ("web1", "web2", "web3", "web4")
    assert settings.restart.probe


def test_the_manual_begins_with_the_same_ten_lines() -> None:
    assert f"```toml\n{TEN_LINES}```" in page("start/your-fleet.md")
    indented = "".join(f"    {line}\n" for line in TEN_LINES.splitlines())
    assert indented in page("man/rollout.toml.5.md")


def test_with_the_deploy_below_them_they_deploy(tmp_path: Path) -> None:
    below = re.findall(
        r"^```toml\n(.*?)^```", page("start/first-deploy.md"), re.MULTILINE | re.DOTALL
    )[0]
    (tmp_path / "rollout.toml").write_text(TEN_LINES + below)
    deploy = load(environ={}, config=str(tmp_path / "rollout.toml"), env=None).settings.deploy
    assert deploy is not None
    assert deploy.to == "/srv/shop"
    assert list(deploy.build) == ["stylesheets"]


def test_every_page_of_the_manual_can_be_reached_from_the_readme() -> None:
    linked = set(re.findall(r"\]\(docs/([^)#]+)\)", README))
    parts = ("start", "how-to", "reference", "explained")
    pages = {
        f"{part}/{file.name}" for part in parts for file in (HOME / "docs" / part).glob("*.md")
    }
    assert pages - linked == {"reference/settings.md"}  # there it is the annotated example itself


def test_the_changelog_has_every_wire_name_and_every_exit_code() -> None:
    text = (HOME / "CHANGELOG.md").read_text(encoding="utf-8")
    events = get_args(Event)
    assert events
    assert not [event.wire for event in events if f"`{event.wire}`" not in text]
    said = re.sub(r"\s+", " ", text)
    assert not [code for code in Exit if not re.search(rf"\b{code.value}\b", said)]


def test_the_manual_has_the_lines_for_sudoers_as_the_program_writes_them() -> None:
    permissions = page("reference/permissions.md")
    assert f"\n{sudoers_line(Invocation(match='mongrel_.*'))}\n" in permissions
    assert f"`{readlink_line('deploy')}`" in permissions
