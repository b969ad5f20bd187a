"""The documents are true: each path that they name exists."""

import re
from pathlib import Path

import pytest

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


def test_the_architecture_names_every_package() -> None:
    text = (HOME / "docs" / "architecture.md").read_text(encoding="utf-8")
    packages = {file.parent.name for file in (HOME / "rollout").glob("*/__init__.py")}
    assert {name for name in packages if f"`rollout/{name}`" not in text} == set()
