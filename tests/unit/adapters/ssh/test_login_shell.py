"""The line that a login shell reads, and what is made of the outputs; without any host."""

import re
import subprocess

import pytest

from rollout.adapters.ssh.login_shell import (
    LONGEST_WORD,
    AfterMark,
    command_line,
    new_mark,
    refusal,
)

HOSTILE = "printf '%s|' \"it's\" 'a\\' '!x' '$(id)' \"\u65e5\u0085\"\nexit 7\n"


def test_the_line_has_nothing_that_shells_read_differently() -> None:
    line = command_line(HOSTILE, "0123abcd")
    script, *pieces = re.findall(r"'([^']*)'", line)
    assert line.count("'") == 2 * (1 + len(pieces))
    assert line.isascii()
    assert line.isprintable()
    assert "!" not in line
    assert not re.search(r"\\(?!n|0[0-7]{3})", "".join(pieces))
    assert "\\" not in script
    # As sh reads it; to every other shell it is a quoted word.
    assert line.startswith("exec /bin/sh -c '")


@pytest.mark.parametrize("script", [HOSTILE, "printf '%s|' " + "'x\\!\n'" * 5000, "exit 7", ""])
def test_sh_gets_the_script_byte_for_byte(script: str) -> None:
    line = command_line(script, "0123abcd")
    assert max(map(len, re.findall(r"'([^']*)'", line)[1:]), default=0) <= LONGEST_WORD
    plain = subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=False, timeout=20)
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, check=False, timeout=20)
    assert done.stdout == b"\n0123abcd\n" + plain.stdout
    assert (done.stderr, done.returncode) == (b"\n0123abcd\n", plain.returncode)


def test_without_a_mark_on_its_way_nothing_begins(tmp_path: object) -> None:
    line = command_line(f"touch {tmp_path}/ran", "0123abcd")
    subprocess.run(["/bin/sh", "-c", f"exec >&-; {line}"], capture_output=True, check=False)
    done = subprocess.run(["ls", str(tmp_path)], capture_output=True, check=True)
    assert done.stdout == b""


@pytest.mark.parametrize("step", [1, 3, 1000])
@pytest.mark.parametrize("noise", ["", "Welcome\n", "\n\n", "mark", "\nmar\n", "x" * 9000])
def test_what_stands_before_the_mark_is_left_out(noise: str, step: int) -> None:
    data = f"{noise}\nmark\nfine\nmark\n".encode()
    after = AfterMark("mark")
    heard = b"".join(after.take(data[at : at + step]) for at in range(0, len(data), step))
    assert heard == b"fine\nmark\n"
    assert after.found


def test_noise_without_an_end_takes_no_memory() -> None:
    after = AfterMark("mark")
    for _ in range(100):
        assert after.take(b"Welcome to lb1 " * 1000) == b""
    assert not after.found
    assert after.noise().startswith("Welcome to lb1 Welcome")
    assert len(after.noise()) < 3000


def test_marks_differ() -> None:
    assert len({new_mark() for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("ended", "printed", "what"),
    [
        (
            "exit 1",
            ("This account is currently not available.\n", ""),
            (
                "the login may not run commands (its shell is nologin) "
                "(exit 1; it said: This account is currently not available.)"
            ),
        ),
        ("exit 0", ("", ""), "the login shell ended before our command ran (exit 0, nothing said)"),
        (
            "exit 1",
            ("hello\n", "bad thing\n"),
            "the login shell ended before our command ran (exit 1; it said: bad thing)",
        ),
        (
            "exit 1",
            ("This service allows sftp connections only.\n", ""),
            (
                "the login may only use sftp (ForceCommand internal-sftp) "
                "(exit 1; it said: This service allows sftp connections only.)"
            ),
        ),
    ],
)
def test_why_a_login_shell_did_not_run_it(ended: str, printed: tuple[str, str], what: str) -> None:
    error = refusal(("web1", "deploy"), ended, printed, asked=False)
    assert error.what == what
    assert "web1" in error.fix
    assert "deploy" in error.fix
    assert not error.asked
