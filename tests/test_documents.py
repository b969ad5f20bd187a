"""The documents are true: their paths exist, their settings load, their commands can be typed.

`make docs` holds the links between the pages of the manual as well, with their anchors.
"""

import json
import re
import shlex
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
from jsonschema import Draft202012Validator
from typer.core import TyperGroup
from typer.main import get_command

from rollout.cli.app import app
from rollout.output.schema import lines_schema
from rollout.settings.load import load
from rollout.summary.deploy import Phase
from rollout.summary.run import Exit
from rollout.summary.target import TargetPhase
from tests.test_readme import TEN_LINES

HOME = Path(__file__).parents[1]
RUNBOOKS = HOME / "rollout" / "runbooks"
PAGES = [
    *sorted((HOME / "docs").glob("**/*.md")),
    *sorted(RUNBOOKS.glob("*.md")),
    *(HOME / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
]
CONTROL = {"|", "||", "&&", ";"}
"""Words of a shell that end a command."""


def name_of(page: object) -> str:
    return str(page.relative_to(HOME)) if isinstance(page, Path) else ""


def blocks(page: Path, *kinds: str) -> list[str]:
    """Return what stands in the fenced blocks of these kinds."""
    fence = rf"^```(?:{'|'.join(kinds)})\n(.*?)^```"
    return re.findall(fence, page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


# Paths and links


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_path_of_the_project_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    paths = set(re.findall(r"`((?:rollout|tests|docs|examples|benchmarks)/[\w/.-]*)`", text))
    assert {path for path in paths if not (HOME / path).exists()} == set()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_of_a_page_to_another_leads_there(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


# Commands


def typed(page: Path) -> Iterator[str]:
    """Yield every command of rollout in the blocks of a page and between its backticks."""
    text = page.read_text(encoding="utf-8")
    yield from re.findall(r"`(rollout (?:--)?[a-z][^`]*)`", text)
    yield from re.findall(r"^[$#] (rollout .*)$", "\n".join(blocks(page, "console")), re.MULTILINE)
    yield from re.findall(r"^ {4}(rollout .*)$", text, re.MULTILINE)
    yield from re.findall(r"^(rollout .*)$", "\n".join(blocks(page, "bash")), re.MULTILINE)
    programs = "\n".join(blocks(page, "cron", "ini"))
    yield from re.findall(r"/bin/(rollout .*)$", programs, re.MULTILINE)
    summaries = "\n".join(blocks(page, "text", "json"))
    yield from re.findall(r"^  [a-z ]+: +(rollout .*)$", summaries, re.MULTILINE)


def parse(line: str) -> str:
    """Let the real command line parse ``line``, which runs nothing; return the command.

    Raises:
        Exception: it is not what the program takes.
    """
    words = shlex.split(line.replace(" …", ""), comments=True)
    ends = (n for n, word in enumerate(words) if word in CONTROL or word.startswith(">"))
    end = next(ends, len(words))
    command: Any = get_command(app)
    parent, rest, path = None, words[1:end], ["rollout"]
    while isinstance(command, TyperGroup):
        try:
            parent = command.make_context(path[-1], list(rest), parent=parent)
        except typer.Exit:  # --version is answered at once
            return " ".join(path)
        rest = [*parent._protected_args, *parent.args]
        if not rest:
            return " ".join(path)
        name, command, rest = command.resolve_command(parent, rest)
        path.append(str(name))
    command.make_context(path[-1], list(rest), parent=parent)
    return " ".join(path)


LINES = sorted({line for page in PAGES for line in typed(page) if "-completion" not in line})


@pytest.mark.parametrize("line", LINES)
def test_a_command_of_a_page_is_one_that_the_program_takes(line: str) -> None:
    assert parse(line).startswith("rollout")


def test_a_command_that_is_wrong_would_be_noticed() -> None:
    assert parse("rollout lock release --yes   # again") == "rollout lock release"
    assert parse("rollout --config a.toml restart --cron || page") == "rollout restart"
    for wrong in ("rollout restrat", "rollout restart --host web1", "rollout lock realease"):
        with pytest.raises(Exception, match="No such"):
            parse(wrong)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_flag_that_a_page_names_is_a_flag_of_some_command(page: Path) -> None:
    known = flags_of(get_command(app)) | {"--help", "--version"}
    spans = re.findall(r"`(--[^`\n]+)`", page.read_text(encoding="utf-8"))
    said = {word for span in spans for word in re.findall(r"(?<!\S)(--[a-z0-9-]+)", span)}
    assert said - known - OF_OTHERS == set()


OF_OTHERS = {"--userns", "--group-add", "--lock-ttl"}
"""Options of container engines and of kured."""


def flags_of(command: Any) -> set[str]:  # noqa: ANN401 - typer exports no type for it
    found = {flag for param in command.params for flag in (*param.opts, *param.secondary_opts)}
    below = command.commands.values() if isinstance(command, TyperGroup) else ()
    return found.union(*map(flags_of, below))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_target_of_make_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"(?:`|^[$#] )make ([a-z0-9-]+)", text, re.MULTILINE)
    makefile = (HOME / "Makefile").read_text(encoding="utf-8")
    assert {name for name in named if f"\n{name}:" not in makefile} == set()


# Settings and JSON


@pytest.mark.parametrize(
    ("page", "text"),
    [(page, text) for page in PAGES for text in blocks(page, "toml")],
    ids=name_of,
)
def test_the_settings_of_a_page_load(page: Path, text: str, tmp_path: Path) -> None:
    file = tmp_path / "rollout.toml"
    file.write_text(written(merged(tomllib.loads(TEN_LINES), tomllib.loads(text))))
    environments = tomllib.loads(text).get("env", {})
    for env in (None, *environments):
        assert load(environ={}, config=str(file), env=env).settings.app == "shop", page


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one tree of settings over another."""
    both = {
        key: merged(below[key], above[key])
        for key in below.keys() & above.keys()
        if isinstance(below[key], Mapping)
    }
    return {**below, **above, **both}


def written(tree: Mapping[str, Any], *path: str) -> str:
    """Write a tree of settings as TOML."""
    values = {key: value for key, value in tree.items() if not isinstance(value, Mapping)}
    below = {key: value for key, value in tree.items() if isinstance(value, Mapping)}
    head = f"[{'.'.join(path)}]\n" if path else ""
    lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())
    return head + lines + "".join(written(value, *path, key) for key, value in below.items())


@pytest.mark.parametrize(
    "text", [line for page in PAGES for text in blocks(page, "json") for line in text.splitlines()]
)
def test_the_json_of_a_page_is_json_and_a_line_is_as_the_schema_says(text: str) -> None:
    said = json.loads(text)
    if "event" in said:
        Draft202012Validator(lines_schema()).validate(said)


# What a page must have


def test_every_exit_code_but_0_has_its_page() -> None:
    pages = {int(page.stem) for page in RUNBOOKS.glob("*.md")}
    assert pages == {code.value for code in Exit} - {Exit.DONE}
    for page in RUNBOOKS.glob("*.md"):
        assert page.read_text(encoding="utf-8").startswith(f"# Exit {page.stem}: ")
        assert (HOME / "docs" / "runbooks" / page.name).exists()


def test_the_page_of_states_has_every_state() -> None:
    text = (HOME / "docs" / "reference" / "states.md").read_text(encoding="utf-8")
    states = {*TargetPhase, *Phase} - {Phase.NONE}
    assert {state.value for state in states if f"| `{state.value}` |" not in text} == set()


def test_the_architecture_names_every_package() -> None:
    text = (HOME / "docs" / "architecture.md").read_text(encoding="utf-8")
    packages = {file.parent.name for file in (HOME / "rollout").glob("*/__init__.py")}
    assert {name for name in packages if f"`rollout/{name}`" not in text} == set()
