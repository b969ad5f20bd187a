"""TAB in real shells: the scripts that rollout generates, typed at in bash, zsh and fish."""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

SETTINGS = """\
app = "shop"
[balancers.lb1]
[fleet]
hosts = ["web[01-03]", "db1"]
[deploy]
to = "/srv/shop"
[env.staging.fleet]
hosts = ["stage1", "stage2"]
[env.production]
"""
STARTED = '{"event":"deploy.started","release":"20260301000000","hosts":["db1"]}'
BIN = Path(sys.executable).parent
ESCAPES = re.compile(r"\x1b(\[[0-9;?]*[A-Za-z]|[=>()][A-Z0-9]?|\][^\x07]*\x07)")

START: Mapping[str, list[str]] = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
}
READY: Mapping[str, str] = {
    "bash": "bind 'set show-all-if-ambiguous on'; bind 'set enable-bracketed-paste off'",
    "zsh": "autoload -U compinit; compinit -u -D; unsetopt beep; setopt no_list_beep",
}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("here")
    (place / "rollout.toml").write_text(SETTINGS)
    (place / "broken.toml").write_text("fleet = [")
    journals = place / "state" / "rollout"
    journals.mkdir(parents=True)
    (journals / "shop.000001.a11ce0.jsonl").write_text(f"{STARTED}\n")
    (journals / "shop.000002.b0b000.jsonl").write_text("not JSON\n")
    (journals / "other.000003.ca401d.jsonl").write_text("{}\n")
    return place


def environment(here: Path) -> dict[str, str]:
    return {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(here),
        "XDG_STATE_HOME": str(here / "state"),
        "TERM": "xterm",
        "COLUMNS": "200",
        "LC_ALL": "C.UTF-8",
        "PS1": "$ ",
    }


def script(here: Path, shell: str) -> Path:
    """Write what the shell is to read, as `rollout --show-completion` gives it there."""
    env = environment(here) | {"_ROLLOUT_COMPLETE": f"source_{shell}"}
    done = subprocess.run(
        [BIN / "rollout"], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert "rollout" in done.stdout, done.stderr
    file = here / f"completion.{shell}"
    file.write_text(done.stdout)
    return file


class Typist:
    """Types at a shell on a terminal, and reads what stands there."""

    def __init__(self, terminal: int) -> None:
        self._terminal = terminal

    def reads(self, *, until: str = "", within: float = 10.0) -> str:
        """Read until ``until`` was seen; without it, until nothing came for a while."""
        seen, end = "", time.monotonic() + within
        while time.monotonic() < end:
            ready, _, _ = select.select([self._terminal], [], [], 0.5)
            if not ready:
                if until:
                    continue
                break
            seen += os.read(self._terminal, 65536).decode(errors="replace")
            if until and until in ESCAPES.sub("", seen):
                break
        return ESCAPES.sub("", seen)

    def types(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def sees_after_tab(self, line: str, until: str, within: float = 10.0) -> str:
        """Type ``line`` and TAB, return what stands there then, and take the line back."""
        self.types(f"{line}\t")
        seen = self.reads(until=until, within=within)
        self.types("\x15")
        self.reads(within=1.0)
        return seen


@contextmanager
def typed_at(here: Path, shell: str) -> Iterator[Typist]:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        START[shell],
        env=environment(here),
        cwd=here,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        typist = Typist(ours)
        typist.types(f"stty cols 200; {READY[shell]}; source {script(here, shell)}; echo re''ady\n")
        assert "ready" in typist.reads(until="ready")
        yield typist
    finally:
        process.kill()
        process.wait(10)
        os.close(ours)


def offered(here: Path, line: str) -> list[str]:
    """Ask fish what it offers."""
    code = f'source {script(here, "fish")}; complete -C "{line}"'
    done = subprocess.run(
        ["fish", "--no-config", "-c", code],
        env=environment(here),
        cwd=here,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    return [row.partition("\t")[0] for row in done.stdout.splitlines()]


def there_is(shell: str) -> None:
    if not shutil.which(shell):
        assert os.geteuid() != 0, f"requirements/debian installs {shell} for root"
        pytest.skip(f"no {shell} here")


ONE: Mapping[str, str] = {
    "rollout resta": "rollout restart",
    "rollout restart --hosts d": "db1",
    "rollout restart -H web01,d": "web01,db1",
    "rollout check --exclude web01,web02,web": "web01,web02,web03",
    "rollout -e staging restart --hosts stage1,": "stage1,stage2",
    "rollout restart --env staging --hosts stage1,s": "stage1,stage2",
    "rollout rollback --to 2026": "20260301000000",
    "rollout --env p": "production",
    "rollout restart --on-busy c": "cut",
    "rollout --output j": "json",
}
"""What is typed before TAB, and the only thing that can stand there then."""
SEVERAL: Mapping[str, tuple[str, ...]] = {
    "rollout restart --hosts web": ("web01", "web02", "web03", "web[01-03]"),
    "rollout --env ": ("staging", "production"),
    "rollout restart --by ": ("host", "instance"),
}


@pytest.mark.parametrize("shell", START)
def test_tab_completes_what_the_settings_and_the_journals_know(here: Path, shell: str) -> None:
    there_is(shell)
    with typed_at(here, shell) as typist:
        for line, word in ONE.items():
            assert word in typist.sees_after_tab(line, until=word), line
        for line, words in SEVERAL.items():
            # zsh lists them on the second TAB, after what they have in common
            seen = typist.sees_after_tab(f"{line}\t", until=words[-1], within=5.0)
            unquoted = seen.replace("\\", "")
            assert not [one for one in words if one not in unquoted], (line, seen)


@pytest.mark.parametrize("line", [*ONE, *SEVERAL])
def test_fish_completes_the_same(here: Path, line: str) -> None:
    there_is("fish")
    expected = (ONE[line].split()[-1],) if line in ONE else SEVERAL[line]
    found = [one.replace("\\", "") for one in offered(here, line)]
    assert set(expected) <= set(found), found
    assert "bug" not in " ".join(found)


def test_bash_completes_the_value_behind_an_equals_sign(here: Path) -> None:
    with typed_at(here, "bash") as typist:
        assert "--hosts=web01,db1" in typist.sees_after_tab(
            "rollout restart --hosts=web01,d", until="db1"
        )


@pytest.mark.parametrize("shell", START)
@pytest.mark.parametrize("before", ["--config broken.toml", "--config none.toml", "--env no"])
def test_what_is_wrong_with_the_settings_puts_no_word_into_the_line(
    here: Path, shell: str, before: str
) -> None:
    there_is(shell)
    with typed_at(here, shell) as typist:
        line = f"rollout {before} rollback --to 2"
        seen = typist.sees_after_tab(line, until="no such text", within=3.0)
        assert "Traceback" not in seen
        assert "bug" not in seen
        assert "fleet" not in seen
