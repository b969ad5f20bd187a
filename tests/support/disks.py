"""Disks that are full, or that nobody may write: real ones, for the length of a block."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def a_disk(where: Path, options: str) -> Iterator[Path]:
    """Mount an empty disk of its own at ``where``; only root can.

    A machine that must have daemons must have this as well, if root runs the tests there.
    """
    if os.getuid() != 0:
        pytest.skip("only root can mount a disk")
    where.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(where)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode and not os.environ.get("REQUIRE_DAEMONS"):
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    assert not done.returncode, done.stderr
    try:
        yield where
    finally:
        subprocess.run(["umount", "--lazy", str(where)], check=True)


@contextmanager
def read_only(where: Path) -> Iterator[Path]:
    """Let nobody write into ``where``, whoever runs the tests."""
    if os.getuid() == 0:
        with a_disk(where, "ro"):
            yield where
        return
    where.mkdir(mode=0o500)
    try:
        yield where
    finally:
        where.chmod(0o700)


def fill(disk: Path) -> Path:
    """Write a file that takes all the room on ``disk``; return it."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (4096, 64, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return filler
