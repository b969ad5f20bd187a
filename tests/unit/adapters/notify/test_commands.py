"""Commands of the operator's: what they print and read is bounded, and no value is code."""

import asyncio
import os
import tempfile
from pathlib import Path

import pytest

from rollout.adapters.local import shell
from rollout.adapters.local.shell import LAST_WORDS, ask_for_output, ask_here
from rollout.adapters.notify.silence import LONGEST_NUMBER, CommandSilencer
from rollout.model.fleet import Target
from rollout.model.ownership import Silence

WEB1 = Target("web1/app_1", "web1", (), (), {})


def silencer(begin: str, end: str = "true", timeout: float = 10.0) -> CommandSilencer:
    facts = {"app": "shop", "run": "3f654d", "command": "restart", "reason": ""}
    return CommandSilencer({"begin": begin, "end": end}, timeout, facts, os.environ)


@pytest.mark.parametrize(
    ("command", "number"),
    [
        ("echo 7", "7"),
        ("printf 7", "7"),
        ("echo warning: old config; echo 7; echo", "7"),
        ("echo talks >&2; echo 7", "7"),
        ("echo 7; exit 1", "7"),
        ("true", ""),
        ("printf '\\033[31m7\\000\\033[0m\\n'", "[31m7[0m"),
        ("head -c 100000 /dev/zero | tr '\\0' x", "x" * LONGEST_NUMBER),
        ('printf %s "$ROLLOUT_HOST,$ROLLOUT_TARGET,$ROLLOUT_RUN"', "web1,web1/app_1,3f654d"),
        ('printf %s "$ROLLOUT_SECONDS,$ROLLOUT_HOOK"', "13,silence.begin"),
    ],
)
def test_the_number_of_a_silence_is_the_last_line_on_stdout(command: str, number: str) -> None:
    assert asyncio.run(silencer(command).begin(WEB1, 12.2))[0] == number


def test_what_stands_in_a_lock_reaches_the_command_that_ends_a_silence_as_text(
    tmp_path: Path,
) -> None:
    nasty = f"$(touch {tmp_path}/oops)`touch {tmp_path}/oops`'\";"
    end = f'printf %s "$ROLLOUT_SILENCE" > {tmp_path}/read; echo "$ROLLOUT_RUN"'
    said = asyncio.run(silencer("true", end).end(WEB1, Silence("aaaaaa", nasty)))
    assert said is not None
    assert said.message == "aaaaaa"
    assert (tmp_path / "read").read_text() == nasty
    assert [path.name for path in tmp_path.iterdir()] == ["read"]


def test_a_silence_that_hangs_is_killed() -> None:
    number, end = asyncio.run(silencer("echo 7; sleep 600", timeout=0.3).begin(WEB1, 1.0))
    assert (number, end.ok, end.message) == ("7", False, "no end after 300ms")


def test_secrets_in_addresses_that_a_command_prints_are_left_out() -> None:
    _, end = asyncio.run(silencer("echo https://me:s3cr3t@h/x?t=s3cr3t; exit 1").begin(WEB1, 1.0))
    assert "s3cr3t" not in f"{end.message}{end.output}"


def test_a_command_reads_what_it_is_given_and_need_not() -> None:
    async def ask(command: str, given: str) -> str:
        return (await ask_here(command, 10.0, os.environ, given)).message

    assert asyncio.run(ask("cat", "a line — ✓")) == "a line — ✓"
    assert asyncio.run(ask("echo did not read", "x" * 1_000_000)) == "did not read"


def test_what_a_command_prints_takes_little_of_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "LARGEST", 1 << 20)
    monkeypatch.setattr(shell, "LOOK_EVERY", 0.02)
    files, most = [], 0

    def temporary() -> object:
        files.append(file := made())
        return file

    made = tempfile.TemporaryFile
    monkeypatch.setattr(tempfile, "TemporaryFile", temporary)
    command = "for i in 1 2 3 4 5 6 7 8 9 10; do head -c 1000000 /dev/zero; sleep 0.1; done"

    async def watched() -> tuple[bool, str]:
        nonlocal most
        asked = asyncio.create_task(ask_here(f"{command}; echo; echo end", 60.0, os.environ))
        while not asked.done():
            await asyncio.sleep(0.02)
            blocks = [os.fstat(file.fileno()).st_blocks for file in files if not file.closed]
            most = max(most, *blocks, 0) if blocks else most
        result = asked.result()
        return result.ok, result.message

    assert asyncio.run(watched()) == (True, "end")
    assert most * 512 < 6_000_000
    assert most * 512 > LAST_WORDS


def test_the_end_of_stdout_is_kept() -> None:
    words, end = asyncio.run(ask_for_output("seq 100000", 30.0, os.environ))
    assert end.ok
    assert words.endswith("\n99999\n100000\n")
    assert len(words) <= LAST_WORDS
