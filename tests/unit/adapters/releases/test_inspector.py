"""Where processes run and listen, and whether that is a layout of releases: on this machine."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rollout.adapters.releases.inspector import HostFacts
from rollout.ports.discovery import ProcessPlaces, ReleaseLayout
from tests.support.monitd import run_here

LISTENER = """
import os, socket, sys, time
listening = [socket.create_server((address, 0)) for address in ("127.0.0.1", "127.0.0.2")]
print(*(one.getsockname()[1] for one in listening), flush=True)
time.sleep(60)
"""


FACTS = HostFacts(run_here, asyncio.to_thread)


@pytest.fixture
def release(tmp_path: Path) -> Path:
    place = tmp_path / "shop"
    (place / "releases" / "20260101000000" / "public").mkdir(parents=True)
    (place / "shared").mkdir()
    (place / "current").symlink_to(place / "releases" / "20260101000000")
    return place / "releases" / "20260101000000"


@pytest.fixture
def server(release: Path) -> Iterator[tuple[int, list[int]]]:
    """A process whose child listens; both run in the release."""
    words = ["sh", "-c", '"$0" -c "$1"; :', sys.executable, LISTENER]
    with subprocess.Popen(
        words, cwd=release, stdout=subprocess.PIPE, start_new_session=True
    ) as one:
        assert one.stdout
        ports = [int(word) for word in one.stdout.readline().split()]
        yield one.pid, ports
        os.killpg(one.pid, 9)


def places(*pids: int) -> ProcessPlaces:
    return asyncio.run(FACTS.places("web1", pids))


def layout(directory: str) -> ReleaseLayout | None:
    return asyncio.run(FACTS.layout("web1", directory))


def test_the_ports_of_a_process_are_those_of_its_descendants_too(
    server: tuple[int, list[int]], release: Path
) -> None:
    pid, ports = server
    seen = places(pid)
    assert seen.ports == {pid: frozenset(ports)}
    assert seen.directories == {pid: str(release)}


def test_a_process_that_is_gone_and_one_that_listens_nowhere_have_none() -> None:
    with socket.create_server(("127.0.0.1", 0)):
        seen = places(2**22 - 1)
    assert seen == ProcessPlaces()


def test_a_directory_with_a_name_that_is_no_path_is_not_told(tmp_path: Path) -> None:
    odd = tmp_path / "x\n@port 1 1F40\n@cwd 1 plain"
    odd.mkdir()
    with subprocess.Popen(["sleep", "60"], cwd=odd) as one:
        seen = places(one.pid)
        one.kill()
    assert seen == ProcessPlaces()


def test_a_release_leads_to_its_layout(release: Path) -> None:
    to = str(release.parents[1])
    assert layout(str(release)) == ReleaseLayout(to=to)
    assert layout(str(release / "public")) == ReleaseLayout(to=to)
    git = ["git", "--git-dir", f"{to}/repo"]
    subprocess.run([*git, "init", "-q", "--bare"], check=True)
    assert layout(str(release)) == ReleaseLayout(to=to)
    for address, told in (
        ("git@git.example.com:shop.git", "git@git.example.com:shop.git"),
        ("https://ci:secret@git.example.com/shop.git", ""),
        ("a b", ""),
    ):
        subprocess.run([*git, "config", "remote.origin.url", address], check=True)
        assert layout(str(release)) == ReleaseLayout(to=to, repo=told)


def test_what_lacks_a_part_of_it_is_no_layout(release: Path) -> None:
    to = release.parents[1]
    assert layout("/") is None
    assert layout(str(to)) is None
    assert layout(f"{to}/releases/not-a-number") is None
    (to / "shared").rmdir()
    assert layout(str(release)) is None
