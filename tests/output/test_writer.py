"""A reader who does not read holds up a line of text and nothing else."""

import errno
import io
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TextIO

import pytest

from rollout.output.plain import Plain
from rollout.output.writer import Writer
from tests.output.recorded_runs import RICH, broadcast_to

AT_ONCE = 1.0
"""Generous: a call that waits for a reader who never reads would wait for ever."""


@contextmanager
def pipe() -> Iterator[tuple[int, TextIO]]:
    """A pipe whose reading end is a bare descriptor."""
    read_end, write_end = os.pipe()
    stream = os.fdopen(write_end, "w", encoding="utf-8")
    try:
        yield read_end, stream
    finally:
        with suppress(OSError):
            os.close(read_end)  # first: a writer that is stuck gets EPIPE and ends
        with suppress(OSError):
            stream.close()


def until(question: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not question():
        assert time.monotonic() < deadline
        threading.Event().wait(0.005)


def test_what_is_written_arrives_in_order() -> None:
    with pipe() as (reader, stream):
        writer = Writer(stream)
        for number in range(100):
            writer.write(f"{number}\n")
        assert writer.close(timeout=5)
        assert os.read(reader, 4096).decode().split() == [str(n) for n in range(100)]


def fill(stream: TextIO) -> None:
    """Leave no room in a pipe, so that whoever writes next is held up, however late it begins."""
    fd = stream.fileno()
    os.set_blocking(fd, False)
    with suppress(BlockingIOError):
        while True:
            os.write(fd, b"x" * 4096)
    with suppress(BlockingIOError):
        while True:
            os.write(fd, b"x")
    os.set_blocking(fd, True)


def test_a_pipe_that_nobody_reads_never_blocks_the_rollout() -> None:
    with pipe() as (_, stream):
        fill(stream)
        writer = Writer(stream, bound=200)
        broadcast = broadcast_to(Plain(writer))
        began = time.monotonic()
        for _ in range(100):
            for event in RICH:
                broadcast.tell(event)
        assert time.monotonic() - began < AT_ONCE * 5
        began = time.monotonic()
        broadcast.end()
        assert not writer.close(timeout=0.1)
        assert time.monotonic() - began < AT_ONCE


def test_lines_beyond_the_bound_are_counted_where_they_are_missing() -> None:
    started, go = threading.Event(), threading.Event()

    def hold(texts: Sequence[str]) -> str:
        started.set()
        go.wait(5)
        return "".join(texts)

    stream = io.StringIO()
    writer = Writer(stream, bound=3, note=lambda lost: f"<{lost} lost>", paint=hold)
    writer.write("first ")
    assert started.wait(5)
    for number in range(10):
        writer.write(f"{number} ")
    go.set()
    assert writer.close(timeout=5)
    assert stream.getvalue() == "first <7 lost>7 8 9 "


def test_a_reader_who_leaves_is_dropped_quietly() -> None:
    with pipe() as (reader, stream):
        writer = Writer(stream)
        os.close(reader)
        writer.write("nobody hears this\n")
        until(lambda: not writer._thread.is_alive())
        writer.write("nor this\n")
        assert not writer._waiting
        assert not writer.close(timeout=1)


def test_a_full_disk_is_told_to_whoever_writes_next() -> None:
    with open("/dev/full", "w", encoding="utf-8") as stream:  # noqa: PTH123 - a device, not a path
        writer = Writer(stream)
        writer.write("too much\n")
        until(lambda: not writer._thread.is_alive())
        with pytest.raises(OSError, match="No space left") as caught:
            writer.write("more\n")
        assert caught.value.errno == errno.ENOSPC


def test_a_terminal_that_somebody_made_non_blocking_loses_nothing() -> None:
    with pipe() as (reader, stream):
        os.set_blocking(stream.fileno(), False)
        writer = Writer(stream)
        text = "x" * 300_000
        writer.write(text)
        heard = 0
        while heard < len(text):
            heard += len(os.read(reader, 65536))
        assert writer.close(timeout=5)


def test_a_stream_closed_under_us_is_a_reader_who_left() -> None:
    stream = io.StringIO()
    writer = Writer(stream)
    stream.close()
    writer.write("x")
    until(lambda: not writer._thread.is_alive())
    writer.write("y")
