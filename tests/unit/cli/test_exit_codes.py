"""How the program ends: the exit code, and one line to the person, never a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rollout.cli.main import enter
from rollout.version import version

SETTINGS = 'app = "shop"\n[balancers.lb1]\nsocket = "/nowhere"\n[fleet]\nhosts = ["web[1-2]"]\n'
REASON_AFTER = "--reason stands after the command: rollout lock COMMAND --reason TEXT"
HOLDS = "settings: ./rollout.toml\nrollout: "


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "rollout.toml").write_text(SETTINGS)
    return tmp_path


def rollout(here: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    root = str(Path(__file__).parents[3])
    clean = {k: v for k, v in os.environ.items() if not k.startswith("ROLLOUT_")}
    return subprocess.run(
        [sys.executable, "-m", "rollout", *words],
        cwd=here,
        env=clean
        | {"PYTHONPATH": root, "HOME": str(here), "XDG_STATE_HOME": str(here)}
        | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("words", "stream", "code"),
    [
        ("pause", "2", 3),
        ("config --unknown-file", "1", 2),
        ("--version", "1", 3),
        ("-V", "1", 3),
        ("--version", "2", 0),
    ],
)
def test_a_full_disk_behind_a_stream_changes_no_exit_code(
    here: Path, words: str, stream: str, code: int
) -> None:
    """Python flushes both once more at its end, and made 120 of the code."""
    typed = ["sh", "-c", f'exec "$0" -m rollout {words} {stream}>/dev/full', sys.executable]
    root = str(Path(__file__).parents[3])
    buffered = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    ended = subprocess.run(
        typed,
        cwd=here,
        env=buffered | {"PYTHONPATH": root, "HOME": str(here), "XDG_STATE_HOME": str(here)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == code
    assert "Traceback" not in ended.stderr
    if stream == "1" and code == 3:
        assert ended.stderr == "rollout: stdout cannot be written: No space left on device\n"


def test_the_version_goes_to_stdout(here: Path) -> None:
    after = (("restart", "--version"), ("lock", "release", "-V"), ("-v", "-V"))
    for words in (("--version",), ("-V",), ("--output", "plain", "--version"), *after):
        done = rollout(here, *words)
        assert (done.returncode, done.stdout, done.stderr) == (0, f"rollout {version()}\n", "")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ("restart", "--max-out", "lots"),
            ("--max-out: 'lots' is not a number or a percentage (use 2 or \"25%\")"),
        ),
        (
            ("restart", "--startup-delay", "70"),
            ('--startup-delay: 70 has no unit: write "70s" for seconds, "70m" for minutes'),
        ),
        (
            ("restart", "--hosts", "web1", "--hosts", "wbe2"),
            f"{HOLDS}--hosts: 'wbe2' is not a host of the fleet (did you mean 'web2'?)",
        ),
        (("restart", "--exclude", "web*"), f"{HOLDS}--exclude: no host is left"),
        (("check", "--hosts", "web[1"), "--hosts: 'web[1' is not a host name"),
        (("status", "--exclude", "x"), "--exclude: 'x' is not a host of the fleet"),
        (
            ("--output", "jsno", "status"),
            "--output: must be one of auto, plain, live, json (did you mean 'json'?)",
        ),
        (("--output=", "status"), "--output: must be one of auto, plain, live, json"),
        (("status", "--output="), "--output: must be one of auto, plain, live, json"),
        (("--config", "no.toml", "check"), "--config: there is no file no.toml"),
        (("--env", "x", "check"), "--env: 'x' is not known: rollout.toml has no [env.NAME]"),
    ],
)
def test_what_was_said_wrongly_is_told_in_one_line_with_exit_2(
    here: Path,
    words: tuple[str, ...],
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(here)
    monkeypatch.setattr(sys, "argv", ["rollout", *words])
    code = enter()
    assert (code, *capsys.readouterr()) == (2, "", f"rollout: {sentence}\n")


@pytest.mark.parametrize("words", [(), ("restart", "--nope"), ("nope",)])
def test_a_command_line_that_cannot_be_read_is_exit_2(here: Path, words: tuple[str, ...]) -> None:
    done = rollout(here, *words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Usage: rollout" in done.stderr
    assert "Traceback" not in done.stderr


def test_all_that_is_wrong_is_told_at_once(here: Path) -> None:
    done = rollout(here, "restart", "--canary", "9", "--by", "x", ROLLOUT_BATHC="1")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "rollout: --by: must be 'host' or 'instance'",
        (
            "rollout: ROLLOUT_BATHC: this environment variable is no setting; "
            "`env -u ROLLOUT_BATHC` before the command leaves it out"
        ),
    ]


def test_global_options_can_be_variables(here: Path) -> None:
    (here / "other.toml").write_text(SETTINGS + '[env.east]\napp = "shop-east"\n')
    done = rollout(here, "config", ROLLOUT_CONFIG="other.toml", ROLLOUT_ENV="east")
    assert done.returncode == 0
    assert done.stdout.startswith('app = "shop-east"')


def test_a_global_option_holds_on_either_side_of_the_command(here: Path) -> None:
    (here / "other.toml").write_text(SETTINGS + '[env.east]\napp = "shop-east"\n')
    before = rollout(here, "--config", "other.toml", "--env", "east", "config")
    after = rollout(here, "config", "--env=east", "--config", "other.toml")
    assert after.stdout == before.stdout
    assert after.stdout.startswith('app = "shop-east"')
    for words in ("--config other.toml config --env=east", "-c other.toml config -e east"):
        assert rollout(here, *words.split()).stdout == before.stdout


def test_a_typed_global_option_outweighs_its_variable_after_the_command_too(here: Path) -> None:
    done = rollout(here, "config", "--config", "rollout.toml", ROLLOUT_CONFIG="no.toml")
    assert (done.returncode, done.stderr) == (0, "")
    wrong = rollout(here, "config", "--env", "x", ROLLOUT_ENV="y")
    assert wrong.stderr.startswith("rollout: --env: 'x' is not known")


@pytest.mark.parametrize(
    "words",
    [
        ("config", "--output", "json"),
        ("lock", "--output", "json"),
        ("lock", "release", "--verbose", "--output=json"),
        ("restart", "--verbose"),
        ("init", "-e", "x"),
        ("status", "-v", "-o", "plain"),
        ("schema", "--output", "plain"),
    ],
)
def test_every_command_takes_the_global_options(here: Path, words: tuple[str, ...]) -> None:
    done = rollout(here, *words)
    assert "No such option" not in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("--env", "staging", "restart", "--env", "production"),
        ("lock", "--env=staging", "release", "--env=production"),
    ],
)
def test_a_global_option_with_two_values_is_exit_2(here: Path, words: tuple[str, ...]) -> None:
    done = rollout(here, *words)
    both = "'staging' before the command and 'production' after it"
    assert done.returncode == 2
    assert done.stderr == f"rollout: --env: {both}: give one of them\n"


def test_the_value_of_another_option_may_look_like_a_global_one(here: Path) -> None:
    done = rollout(here, "lock", "acquire", "--reason", "--verbose", "--config", "no.toml")
    assert done.stderr == "rollout: --config: there is no file no.toml\n"


@pytest.mark.parametrize(
    ("words", "sentence", "better"),
    [
        (
            "restart app1 app2",
            "Unexpected 'app1' 'app2'; to choose hosts use --hosts app1,app2",
            "check --hosts web1,web2",
        ),
        ("lock release now", "Unexpected 'now'", ""),
        ("status --json", "No such option: --json; use --output json", "config --output json"),
        ("--json status", "No such option: --json; use --output json", "--output json config"),
        ("config --env", "Option '--env' requires an argument.", ""),
        (
            "--verbose --env x --hosts web1 restart --hosts web2",
            "--hosts stands after the command: rollout COMMAND --hosts NAMES",
            "check --hosts web2",
        ),
        ("--cron restart", "--cron stands after the command: rollout COMMAND --cron", ""),
        ("lock --reason=x acquire", REASON_AFTER, ""),
        ("--nope restart", "No such option: --nope", ""),
        ("help restart", "No such command 'help'; use rollout --help", "--help"),
        ("lock help", "No such command 'help'; use rollout lock --help", "lock --help"),
        ("version", "No such command 'version'; use rollout --version", "--version"),
    ],
)
def test_a_word_that_is_taken_nowhere_names_the_option_to_use(
    here: Path, words: str, sentence: str, better: str
) -> None:
    done = rollout(here, *words.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1] == f"Error: {sentence}"
    assert rollout(here, *better.split()).returncode in {0, 3} or not better


def test_a_fleet_that_is_not_there_is_refused_with_exit_3(here: Path) -> None:
    (here / "rollout.toml").write_text(SETTINGS.replace("web[1-2]", "no-such-host.invalid"))
    done = rollout(here, "check")
    assert done.returncode == 3
    assert "/nowhere does not exist" in done.stdout
    assert "Traceback" not in done.stderr


BROKEN = """
import sys
sys.argv = ["rollout", "config"]
import rollout.settings.load as loading
def load(**_):
    password = "hunter2"
    raise {error}
loading.load = load
from rollout.__main__ import main
main()
"""


def broken(here: Path, error: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BROKEN.format(error=error)],
        cwd=here,
        env=os.environ | {"XDG_STATE_HOME": str(here / "state")} | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_bug_of_ours_leaves_its_traceback_in_a_file_and_one_line(here: Path) -> None:
    done = broken(here, "ZeroDivisionError('oops')")
    (saved,) = (here / "state" / "rollout").iterdir()
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"rollout: this is a bug in rollout: ZeroDivisionError; the traceback is in {saved}\n"
    )
    text = saved.read_text()
    assert "ZeroDivisionError: oops" in text
    assert "hunter2" not in text.replace('password = "hunter2"', "")
    assert saved.stat().st_mode & 0o077 == 0


def test_where_the_traceback_cannot_be_saved_it_goes_to_the_temporary_files(here: Path) -> None:
    (here / "state").write_text("a file where a directory should be")
    done = broken(here, "ZeroDivisionError('oops')", TMPDIR=str(here))
    (saved,) = here.glob("crash-*.txt")
    assert f"the traceback is in {saved}" in done.stderr


def test_ctrl_c_before_anything_was_started_is_130_in_silence(here: Path) -> None:
    done = broken(here, "KeyboardInterrupt")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_a_reader_who_has_seen_enough_may_hang_up(here: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as nobody:
        done = subprocess.run(
            [sys.executable, "-m", "rollout", "config"],
            cwd=here,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
            stdout=nobody,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    assert (done.returncode, done.stderr) == (0, "")


def test_completion_can_be_shown(here: Path) -> None:
    # typer asks the processes above it for their shell; under make that is sh, which has none.
    no_guess = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    done = rollout(here, "--show-completion", "bash", **no_guess)
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("rollout --output ", "auto plain live json"),
        ("rollout status --output ", "auto plain live json"),
        ("rollout status --ver", "--verbose --version"),
        ("rollout lock release --con", "--config"),
    ],
)
def test_what_may_follow_is_completed(here: Path, typed: str, offered: str) -> None:
    count = str(len(typed.split()) - (not typed.endswith(" ")))
    words = rollout(here, _ROLLOUT_COMPLETE="complete_bash", COMP_WORDS=typed, COMP_CWORD=count)
    assert words.stdout.split() == offered.split()


@pytest.mark.parametrize("command", ["restart", "status", "lock", "lock release", "schema"])
def test_the_help_of_a_command_names_the_global_options(here: Path, command: str) -> None:
    shown = rollout(here, *command.split(), "--help").stdout
    for option in ("--config FILE", "--env NAME", "--output MODE", "--verbose"):
        assert option in shown
    assert "--json" not in shown


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "ROLLOUT_ENV",
            "ROLLOUT_ENV: 'nope' is not known: rollout.toml has no [env.NAME]",
        ),
        (
            "ROLLOUT_OUTPUT",
            "ROLLOUT_OUTPUT: must be one of auto, plain, live, json",
        ),
    ],
)
def test_a_wrong_global_option_is_blamed_on_the_variable_that_gave_it(
    here: Path, name: str, said: str
) -> None:
    done = rollout(here, "config", **{name: "nope"})
    how = f"; `env -u {name}` before the command leaves it out"
    assert (done.returncode, done.stderr) == (2, f"rollout: {said}{how}\n")


def test_a_file_that_is_missing_is_blamed_on_the_variable_that_named_it(here: Path) -> None:
    done = rollout(here, "config", ROLLOUT_CONFIG="no.toml")
    assert done.returncode == 2
    assert done.stderr == "rollout: ROLLOUT_CONFIG: there is no file no.toml\n"


def test_a_flag_is_blamed_although_the_variable_is_set_as_well(here: Path) -> None:
    done = rollout(here, "--env", "x", "config", ROLLOUT_ENV="y")
    assert done.stderr.startswith("rollout: --env: 'x' is not known")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("restart",), "./rollout.toml"),
        (("lock", "acquire", "--reason", "x"), "./rollout.toml"),
        (("--config", "rollout.toml", "recover"), "./rollout.toml"),
        (("--config", "../{name}/rollout.toml", "resume"), "../{name}/rollout.toml"),
    ],
)
def test_a_command_that_acts_says_once_which_file_holds_unless_its_absolute_path_was_typed(
    here: Path, words: tuple[str, ...], said: str
) -> None:
    typed = [word.format(name=here.name) for word in words]
    done = rollout(here, *typed, ROLLOUT_LOCK__DIRECTORY=str(here))
    lines = [line for line in done.stderr.splitlines() if line.startswith("rollout: settings: ")]
    assert lines == [f"rollout: settings: {said.format(name=here.name)}"]
    acting = typed[2:] if typed[0] == "--config" else typed
    absolute = ("--config", f"{here}/rollout.toml")
    named = rollout(here, *absolute, *acting, ROLLOUT_LOCK__DIRECTORY=str(here))
    assert "settings:" not in named.stderr


def test_a_command_that_acts_says_that_a_variable_chose_the_file(here: Path) -> None:
    done = rollout(here, "restart", "--hosts", "x", ROLLOUT_CONFIG=f"{here}/rollout.toml")
    assert f"rollout: settings: {here}/rollout.toml (ROLLOUT_CONFIG)\n" in done.stderr


@pytest.mark.parametrize("words", [("config",), ("status",), ("lock",)])
def test_a_command_that_looks_does_not_say_which_file_holds(
    here: Path, words: tuple[str, ...]
) -> None:
    assert "settings:" not in rollout(here, *words, ROLLOUT_LOCK__DIRECTORY=str(here)).stderr


def test_from_cron_the_file_that_holds_stands_in_the_mail(here: Path) -> None:
    (here / "rollout.toml").write_text(SETTINGS.replace("web[1-2]", "no-such-host.invalid"))
    done = rollout(here, "restart", "--cron", ROLLOUT_LOCK__DIRECTORY=str(here))
    assert done.returncode == 3, done.stderr
    assert done.stderr.count("settings") == 1
    assert "settings note: ./rollout.toml" in done.stderr
