"""requirements/debian: it asks for a password at most once, and says what root has to type."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "requirements" / "debian"
TOOLS = ("bash", "comm", "dirname", "echo", "sed", "sort", "xargs")
NEEDED = ("ssh", "socat", "nc", "curl", "git", "rsync", "xz", "jq", "make", "python3")
DAEMONS = ("haproxy", "monit", "sshd")

CALLED = """\
#!/bin/bash
echo "{name} $1 $2" >>{log}
{then}
"""


@dataclass
class Machine:
    """What the script sees of a machine, for a user who is not root."""

    directory: Path

    @property
    def bin(self) -> Path:
        return self.directory / "bin"

    @property
    def calls(self) -> list[str]:
        log = self.directory / "calls"
        return log.read_text().splitlines() if log.exists() else []

    def install(self, name: str, then: str = "exit 0") -> None:
        """Put a program there that does ``then``, and remember each call of it."""
        program = self.bin / name
        program.write_text(CALLED.format(name=name, log=self.directory / "calls", then=then))
        program.chmod(0o755)

    def run(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.directory / "requirements" / "debian"],
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env={"PATH": str(self.bin)},
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Give a machine with apt and none of the packages, but for what lies in ``/usr/sbin``."""
    made = Machine(tmp_path)
    made.bin.mkdir()
    (tmp_path / "requirements").mkdir()
    shutil.copy(SCRIPT, tmp_path / "requirements")
    for name in TOOLS:
        (made.bin / name).symlink_to(shutil.which(name) or name)
    made.install("apt-get")
    made.install("dpkg")
    made.install("id", then='[ "$1" = -u ] && echo 1000 || echo newcomer')
    return made


def line_for_root(said: str) -> list[str]:
    (line,) = re.findall(r"^apt-get update && .*$", said, re.MULTILINE)
    return str(line).split()


@pytest.mark.parametrize("has_sudo", [False, True])
def test_without_a_sudo_that_works_there_is_one_line_for_root_and_no_question(
    machine: Machine, *, has_sudo: bool
) -> None:
    if has_sudo:
        machine.install("sudo", then="exit 1")
    done = machine.run()
    assert done.returncode == 1
    assert {"curl", "git", "xz-utils"} <= set(line_for_root(done.stderr))
    assert "sudo" not in line_for_root(done.stderr)
    assert "sudo does not work for newcomer, so nothing was installed" in done.stderr
    assert "installing" not in done.stdout
    asked = [call for call in machine.calls if not call.startswith("id ")]
    assert asked == ["sudo -n true"] * has_sudo, "nothing that could ask, and no apt-get"


def test_with_a_sudo_that_works_it_is_called_once_for_the_whole_installation(
    machine: Machine,
) -> None:
    machine.install("sudo")
    done = machine.run()
    assert done.returncode == 0, done.stderr
    assert [call for call in machine.calls if call.startswith("sudo")][:2] == [
        "sudo -n true",
        "sudo bash -c",
    ]
    assert len([call for call in machine.calls if call.startswith("sudo")]) == 2


@pytest.mark.skipif(not os.access("/usr/bin/python3", os.X_OK), reason="no python3 of Debian's")
def test_a_user_who_has_everything_but_sudo_is_asked_for_nothing(machine: Machine) -> None:
    for name in (*NEEDED, *DAEMONS):
        machine.install(name)
    done = machine.run()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [call for call in machine.calls if not call.startswith("id ")] == []
