"""The demo goes through, and the transcript of it in the manual is what a demo of today prints."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

import pytest

from examples.demo import REPORT
from examples.demo_page import COLUMNS, PAGE, ROOT, ROWS, shape, written

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


def played_on_a_terminal() -> tuple[int, str]:
    """Run the demo on a terminal of the pictures' size; return its exit code and its words."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    demo = subprocess.Popen(
        [sys.executable, "-m", "examples.demo"],
        cwd=ROOT,
        env={**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    said = b""
    try:
        while True:
            try:
                said += os.read(ours, 65536)
            except OSError:  # the demo has ended
                break
        code = demo.wait(30)
    finally:
        demo.kill()
        os.close(ours)
    return code, said.decode()


def test_a_demo_of_today_prints_what_the_manual_shows() -> None:
    REPORT.unlink(missing_ok=True)

    code, said = played_on_a_terminal()

    assert code == 0, said
    assert shape(said) == shape(written(PAGE.read_text(encoding="utf-8"))), "make demo-page"
    assert said.rstrip().endswith("build/demo-report.html")
    assert REPORT.read_text(encoding="utf-8").startswith("<!doctype html>")
