"""One row declares an option: it reaches its setting, help shows it, TAB completes its values."""

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from typer.testing import CliRunner

from rollout.cli import options as rows
from rollout.cli.app import app, option_rows
from rollout.cli.examples import EXAMPLES
from rollout.model.errors import SettingsError
from rollout.output.select import Output
from rollout.settings.error_messages import tables
from rollout.settings.flags import ACCEPT_SICK, FLAGS
from rollout.settings.options import SETTINGS, Option
from rollout.summary.run import Exit

OPTIONS = dict(option_rows())
EACH = sorted({option.flag: option for options in OPTIONS.values() for option in options}.items())


def flags_of(command: str) -> set[str]:
    return {option.flag for option in OPTIONS[command] if option.setting}


def field_of(option: Option) -> tuple[type[BaseModel], Any]:
    assert option.setting
    table, name = option.setting
    models: dict[tuple[str, ...], type[BaseModel]] = dict(tables())
    return models[table,], models[table,].model_fields[name]


def test_every_row_of_a_setting_is_an_option_of_a_command() -> None:
    taken = set().union(*map(flags_of, OPTIONS))
    assert taken == set(FLAGS) == {option.flag for option in SETTINGS}
    assert rows.ACCEPT_SICK.flag == ACCEPT_SICK


def test_whatever_restarts_servers_takes_all_that_says_how() -> None:
    assert flags_of("restart") < flags_of("rollback") < flags_of("uninterrupted")
    assert flags_of("uninterrupted") - flags_of("rollback") == {"--ref", "--artifact", "--sha256"}
    assert OPTIONS["deploy"] == OPTIONS["uninterrupted"]


@pytest.mark.parametrize("option", SETTINGS, ids=lambda option: option.flag)
def test_a_row_has_the_default_and_the_values_of_its_setting(option: Option) -> None:
    model, field = field_of(option)
    (_, name) = option.setting or ("", "")
    if option.default:
        required: dict[str, Any] = {"hosts": ["web1"], "to": "/srv/shop"}
        given = {key: value for key, value in required.items() if key in model.model_fields}
        assert getattr(model.model_validate(given | {name: option.default}), name) == field.default
    else:
        assert not getattr(field.default, "text", field.default)
    kind = field.annotation
    known = [one.value for one in kind] if _is_enum(kind) else [*get_args(kind)]
    values = [one for one in known if isinstance(one, str)]
    assert option.values == tuple(values)
    assert not values or option.metavar == "|".join(values)


def _is_enum(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)


def test_the_exit_codes_are_those_that_there_are() -> None:
    assert rows.EXIT.values == tuple(str(code.value) for code in Exit)


def test_the_modes_of_output_are_those_that_there_are() -> None:
    assert set(rows.OUTPUT.values) == {output.value for output in Output}


@pytest.mark.parametrize("flag", [option.flag for option in SETTINGS if option.metavar])
def test_a_wrong_value_is_blamed_on_the_flag_that_was_typed(
    flag: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    CliRunner().invoke(app, ["init"])
    settings = tmp_path / "rollout.toml"
    settings.write_text(settings.read_text() + '[deploy]\nto = "/srv/x"\nrepo = "x"\n')
    command = "prune" if flag == "--keep" else "uninterrupted"
    wrong = "-x" if flag == "--artifact" else "~"
    done = CliRunner().invoke(app, [command, f"{flag}={wrong}"])
    assert isinstance(done.exception, SettingsError)
    (problem,) = done.exception.problems
    assert problem.startswith(f"{flag}: ")
    assert ".".join(FLAGS[flag]) not in problem


def test_a_switch_that_is_a_setting_is_on_only_where_it_was_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    CliRunner().invoke(app, ["init"])
    said = CliRunner().invoke(app, ["restart", "--pause-after-canary"])
    assert isinstance(said.exception, SettingsError)
    (problem,) = said.exception.problems
    assert problem == "--pause-after-canary: needs a canary: set fleet.canary, or --canary 1"


def help_of(command: str, width: int = 80, *, everything: bool = True) -> str:
    rare = everything and any(option.is_rare for option in OPTIONS[command])
    flag = "--help-all" if rare else "--help"
    done = CliRunner().invoke(app, [*command.split(), flag], env={"COLUMNS": str(width)})
    assert done.exit_code == 0
    return done.stdout


def unwrapped(text: str) -> str:
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("command", OPTIONS)
def test_help_shows_every_option_of_the_command_within_80_columns(command: str) -> None:
    shown = help_of(command)
    assert max(map(len, shown.splitlines())) <= 80
    assert "…" not in shown
    assert "..." not in shown.replace("[ARGS]...", "")
    for option in OPTIONS[command]:
        assert option.flag in shown
        assert option.sentence in unwrapped(shown) or option.required
        setting = ".".join(option.setting or ())
        assert not setting or f"{setting}" in shown


@pytest.mark.parametrize("command", ["", "lock"])
def test_each_line_of_the_list_of_commands_is_one_short_sentence(command: str) -> None:
    listed = re.findall(r"^  ([a-z]+)  +(\S.*)$", help_of(command), flags=re.MULTILINE)
    prefix = f"{command} ".lstrip()
    below = {name for name in OPTIONS if name.startswith(prefix) and name != command}
    assert {f"{prefix}{name}" for name, _ in listed} == {
        name for name in below if prefix or " " not in name
    }
    assert not [short for _, short in listed if len(short) >= 45]


def test_the_options_that_are_given_most_often_come_first() -> None:
    shown = help_of("deploy")
    headings = re.findall(r"^(\S.*):$", shown, flags=re.MULTILINE)
    assert headings == [
        *("Options", "Release", "How a release goes live", "Limits", "Timeouts"),
        *(
            "Servers that are out of rotation or down",
            "Global options, before or after the command",
        ),
        "Examples",
    ]
    assert shown.index("--hosts") < shown.index("--max-out") < shown.index("--drain-timeout")


def completed(words: Sequence[str]) -> Iterator[str]:
    env = {
        "_ROLLOUT_COMPLETE": "complete_bash",
        "COMP_WORDS": f"rollout {' '.join(words)} ",
        "COMP_CWORD": str(len(words) + 1),
    }
    yield from CliRunner().invoke(app, [], env=env, prog_name="rollout").stdout.split()


@pytest.mark.parametrize("option", [option for _, option in EACH if option.values], ids=repr)
def test_the_values_of_an_option_are_completed(option: Option) -> None:
    for command, options in OPTIONS.items():
        if option in options:
            flag = [] if option.is_argument else [option.flag]
            assert tuple(completed([*command.split(), *flag])) == option.values


@pytest.mark.parametrize("command", [name for name in OPTIONS if name])
def test_the_short_help_leaves_out_what_is_rare_and_names_what_shows_it(command: str) -> None:
    shown = help_of(command, everything=False)
    rare = [option for option in OPTIONS[command] if option.is_rare]
    rows = [line for line in shown.splitlines() if line.startswith("  -")]
    assert not [option.flag for option in rare if any(option.flag in row for row in rows)]
    assert ("--help-all" in shown) == bool(rare)
    assert len(shown.splitlines()) <= 40


@pytest.mark.parametrize("command", EXAMPLES)
def test_each_command_that_acts_has_two_examples_that_can_be_read(command: str) -> None:
    assert len(EXAMPLES[command]) == 2
    for alias in (command, "deploy") if command == "uninterrupted" else (command,):
        shown = help_of(alias, everything=False)
        assert max(map(len, shown.splitlines())) <= 80
        for typed, what in EXAMPLES[command].items():
            assert re.search(rf"^  {re.escape(typed)} +# {re.escape(what)}$", shown, re.MULTILINE)
