"""Nobody listens, or nobody can: the rollout goes on, and its exit code is right."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.integration.trouble.conftest import Troubled

pytestmark = pytest.mark.integration


def done(shop: Troubled) -> None:
    assert shop.all_ready
    assert shop.new_processes("web1")
    assert shop.new_processes("web2")


@pytest.mark.parametrize(
    ("output", "closed"),
    [("plain", "2>&-"), ("json", ">&-"), ("json", "2>&-"), ("auto", "<&- >&- 2>&-")],
)
def test_closed_streams_stop_nothing(shop: Troubled, output: str, closed: str) -> None:
    typed = " ".join(shop.fleet.command("--output", output, "restart"))

    ended = subprocess.run(
        ["sh", "-c", f"{typed} {closed}"],
        env=shop.fleet.environment,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 0
    done(shop)


@pytest.mark.parametrize("words", [("restart",), ("--output", "json", "restart")])
def test_a_full_disk_behind_the_streams_stops_nothing(
    shop: Troubled, words: tuple[str, ...]
) -> None:
    with Path("/dev/full").open("wb") as full:
        running = shop.start(*words, stdout=full, stderr=full)
    ended = running.end(60)

    assert ended.code == 0
    done(shop)


@pytest.mark.parametrize("words", [("restart",), ("--output", "json", "restart")])
def test_a_pipe_that_nobody_reads_stops_nothing(shop: Troubled, words: tuple[str, ...]) -> None:
    unread, full = os.pipe()
    os.set_blocking(full, False)
    while True:
        try:
            os.write(full, b"x" * 4096)
        except BlockingIOError:
            break
    os.set_blocking(full, True)
    with os.fdopen(unread, "rb"), os.fdopen(full, "wb") as pipe:
        running = shop.start(*words, stdout=pipe, stderr=pipe)
        ended = running.end(60)

    assert ended.code == 0
    done(shop)


def test_a_reader_who_leaves_after_the_first_line_stops_nothing(shop: Troubled) -> None:
    typed = " ".join(shop.fleet.command("restart"))

    ended = subprocess.run(
        ["bash", "-c", f"{typed} 2>&1 | head -1; exit ${{PIPESTATUS[0]}}"],
        env=shop.fleet.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 0
    assert len(ended.stdout.splitlines()) == 1
    done(shop)


def test_a_failure_has_its_exit_code_when_nobody_listens(shop: Troubled) -> None:
    shop.fleet.hosts["web1"].break_boot()
    typed = " ".join(shop.fleet.command("restart"))

    ended = subprocess.run(
        ["sh", "-c", f"{typed} >&- 2>&-"], env=shop.fleet.environment, timeout=60, check=False
    )

    assert ended.returncode == 6
    assert shop.admin("web1") == 1
    assert shop.same("web2")


def test_data_that_cannot_be_written_is_said_and_no_traceback(shop: Troubled) -> None:
    for words in (["check"], ["--output", "json", "status"], ["config"], ["restart", "--help"]):
        with Path("/dev/full").open("wb") as full:
            ended = shop.start(*words, stdout=full).end(30)
        assert ended.said == "rollout: stdout cannot be written: No space left on device\n"
        assert ended.code == 3


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-"])
def test_looking_with_closed_streams_ends_as_it_should(shop: Troubled, closed: str) -> None:
    for words in ("check", "--output json status", "config", "--help"):
        typed = " ".join(shop.fleet.command(*words.split()))
        ended = subprocess.run(
            ["sh", "-c", f"{typed} {closed}"],
            env=shop.fleet.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (words, ended.returncode) == (words, 0)
        assert "Traceback" not in ended.stderr
        assert "Exception" not in ended.stderr
