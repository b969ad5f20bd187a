"""What the first moments cost: nothing heavy is loaded before it is needed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "asyncio",
    "cryptography",
    "haproxyadmin",
    "paramiko",
    "pydantic",
    "pydantic_core",
    "pydantic_settings",
    "rich",
)

LOADED = """
import sys
sys.argv = ["rollout", *sys.argv[1:]]
from rollout.__main__ import main
try:
    main()
except SystemExit as left:
    assert not left.code, left.code
finally:
    roots = {name.partition(".")[0] for name in sys.modules}
    print("LOADED", *sorted(roots))
"""


def loaded_by(*words: str, **variables: str) -> tuple[set[str], str]:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *words],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env=os.environ | variables,
    )
    said, _, names = done.stdout.rpartition("LOADED")
    return set(names.split()), said


@pytest.mark.parametrize(
    "words",
    [
        ("--version",),
        ("--output", "plain", "--version"),
        ("--help",),
        ("-h",),
        ("restart", "--help"),
        ("uninterrupted", "--help"),
        ("deploy", "--help"),
        ("rollback", "--help"),
        ("releases", "--help"),
        ("prune", "--help"),
        ("check", "-h"),
        ("status", "--help"),
        ("config", "--help"),
        ("init", "--help"),
        ("schema", "--help"),
        ("explain", "--help"),
    ],
    ids=" ".join,
)
def test_what_only_tells_about_the_program_loads_nothing_heavy(words: tuple[str, ...]) -> None:
    names, said = loaded_by(*words)
    assert "rollout" in said
    assert not names & set(HEAVY)


EVERY_HELP = """
import sys
from rollout.cli.app import app, commands, lock_commands
from rollout.cli.plan_commands import plan_commands
names = [*commands.options, *lock_commands.options, *plan_commands.options, "lock", "plan"]
for words in ([*name.split(), flag] for name in names for flag in ("--help", "--help-all")):
    try:
        app(words, prog_name="rollout")
    except SystemExit:
        pass
print("LOADED", *sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_the_help_of_no_command_loads_anything_heavy() -> None:
    command = [sys.executable, "-c", EVERY_HELP]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    said, _, names = done.stdout.rpartition("LOADED")
    assert said.count("Usage: rollout") > 30
    assert not set(names.split()) & set(HEAVY)


def test_the_shortest_question_does_not_even_load_typer() -> None:
    names, _ = loaded_by("--version")
    assert "typer" not in names


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("rollout rest", "restart"),
        ("rollout -e x restart --hosts web1 --on-busy ", "stop cut"),
        ("rollout restart --cron --env x --max-o", "--max-out"),
    ],
)
def test_completing_a_word_loads_nothing_heavy(typed: str, offered: str) -> None:
    count = str(len(typed.split()) - (not typed.endswith(" ")))
    names, said = loaded_by(_ROLLOUT_COMPLETE="complete_bash", COMP_WORDS=typed, COMP_CWORD=count)
    assert said.split() == offered.split()
    assert not names & set(HEAVY)


SETTINGS = """\
app = "shop"
[balancers.lb1]
[fleet]
hosts = ["web[1-2]", "db1"]
[env.staging.fleet]
hosts = ["stage1"]
"""
STARTED = '{"event":"deploy.started","release":"20260301000000"}'


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("rollout restart --hosts ", "web[1-2] web1 web2 db1"),
        ("rollout restart --hosts web1,", "web1,web2 web1,db1"),
        ("rollout status --env staging -H ", "stage1"),
        ("rollout --env ", "staging"),
        ("rollout rollback --to ", "20260301000000"),
    ],
)
def test_completing_what_settings_and_journals_know_loads_nothing_heavy(
    typed: str, offered: str, tmp_path: Path
) -> None:
    (tmp_path / "rollout.toml").write_text(SETTINGS)
    journals = tmp_path / "rollout"
    journals.mkdir()
    (journals / "shop.000001.a11ce0.jsonl").write_text(STARTED)
    count = str(len(typed.split()) - (not typed.endswith(" ")))
    names, said = loaded_by(
        _ROLLOUT_COMPLETE="complete_bash",
        COMP_WORDS=typed,
        COMP_CWORD=count,
        ROLLOUT_CONFIG=str(tmp_path / "rollout.toml"),
        XDG_STATE_HOME=str(tmp_path),
    )
    assert said.split() == offered.split()
    assert not names & set(HEAVY)


RENDERERS = """
import sys
from rollout.output import select
class Terminal:
    encoding = "utf-8"
    def isatty(self): return True
    def write(self, text): pass
    def flush(self): pass
    def fileno(self): raise OSError
select.renderers(sys.argv[1], run="r", environ={"TERM": sys.argv[2]}, stderr=Terminal()).end()
print("rich" in sys.modules)
"""


@pytest.mark.parametrize(
    ("output", "term", "loads_rich"),
    [("live", "xterm", True), ("live", "dumb", False), ("plain", "xterm", False)],
)
def test_only_the_live_screen_loads_rich(output: str, term: str, *, loads_rich: bool) -> None:
    command = [sys.executable, "-c", RENDERERS, output, term]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == str(loads_rich)
