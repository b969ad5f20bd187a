"""The documents are true: each path that they name exists."""

import re
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from rollout.cli.app import app
from rollout.summary.run import Exit

HOME = Path(__file__).parents[1]
PAGES = [*sorted((HOME / "docs").glob("**/*.md")), HOME / "CONTRIBUTING.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_of_the_project_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    paths = set(re.findall(r"`((?:rollout|tests|docs|examples|benchmarks)/[\w/.-]*)`", text))
    assert {path for path in paths if not (HOME / path).exists()} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_to_another_leads_there(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_exit_code_but_0_has_its_page() -> None:
    pages = {int(page.stem) for page in (HOME / "docs" / "runbooks").glob("*.md")}
    assert pages == {code.value for code in Exit} - {Exit.DONE}
    for page in (HOME / "docs" / "runbooks").glob("*.md"):
        assert page.read_text(encoding="utf-8").startswith(f"# Exit {page.stem}: ")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_and_flag_that_a_page_names_exists(page: Path) -> None:
    typed = re.findall(r"`rollout ([a-z][^`]*)`", page.read_text(encoding="utf-8"))
    for line in typed:
        words = line.split()
        command = get_command(app)
        while isinstance(command, TyperGroup) and words and words[0] in command.commands:
            command = command.commands[words.pop(0)]
        assert command.name not in {None, "rollout"}, line
        known = {flag for param in command.params for flag in (*param.opts, *param.secondary_opts)}
        assert {word for word in words if word.startswith("--")} <= known, line


def test_the_architecture_names_every_package() -> None:
    text = (HOME / "docs" / "architecture.md").read_text(encoding="utf-8")
    packages = {file.parent.name for file in (HOME / "rollout").glob("*/__init__.py")}
    assert {name for name in packages if f"`rollout/{name}`" not in text} == set()
