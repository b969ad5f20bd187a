"""Runs shellcheck over all shell of the repository: ``python -m tests.shell_lint``.

A script for hosts is checked as ``sh`` reads it there, all of its files together: only so does
shellcheck see a variable that no file sets.  What it calls unused in a file must be unused in every
script that has the file.  Exit 1 if there is a finding.
"""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rollout.adapters.ssh.shell_files import Script
from tests.support.project_files import project_files
from tests.support.shell_scripts import HOME, SHELL_FILES, scripts

SHELLCHECK = Path(sys.executable).with_name("shellcheck")
UNUSED = {2034, 2317, 2329}
"""A variable, a command, a function."""

SHEBANGS = (b"#!/bin/sh", b"#!/bin/bash", b"#!/usr/bin/env bash")


@dataclass(frozen=True, slots=True, order=True)
class ShellFinding:
    """One thing that shellcheck says about a line of a file."""

    file: str
    line: int
    code: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: SC{self.code}: {self.message}"


def check(text: str, shell: str) -> Iterator[tuple[int, int, str]]:
    """Yield line, code and message of each finding; without ``shell`` the first line names it."""
    words = [str(SHELLCHECK), "--format=json1", "--norc", "-"]
    words += [f"--shell={shell}"] if shell else []
    done = subprocess.run(words, input=text, capture_output=True, text=True, check=False)
    if done.returncode not in {0, 1}:
        raise SystemExit(f"{SHELLCHECK}: {done.stderr or done.stdout}")
    for said in json.loads(done.stdout)["comments"]:
        yield said["line"], said["code"], said["message"]


def in_script(script: Script) -> set[ShellFinding]:
    """Check all files of a script together; each finding is at its line of its file."""
    texts = [file.read_text(encoding="utf-8") for file in script.files]
    places = [
        (str(file.relative_to(HOME)), number)
        for file, text in zip(script.files, texts, strict=True)
        for number in range(1, text.count("\n") + 1)
    ]
    found = check("".join(texts), "dash")
    return {ShellFinding(*places[line - 1], code, message) for line, code, message in found}


def is_part(script: Script) -> bool:
    """Tell whether another script has all of its files, and more."""
    return any({*script.files} < {*other.files} for other in scripts().values())


def in_scripts() -> set[ShellFinding]:
    """Check all scripts for hosts."""
    every = [one for one in scripts().values() if not is_part(one)]
    having = Counter(str(file.relative_to(HOME)) for one in every for file in {*one.files})
    seen = Counter(finding for one in every for finding in in_script(one))
    return {
        finding
        for finding, times in seen.items()
        if finding.code not in UNUSED or times == having[finding.file]
    }


def others() -> Iterator[Path]:
    """Yield the files of the project that begin as a shell script does."""
    for file in project_files():
        if file.is_file() and file.read_bytes().startswith(SHEBANGS):
            yield file


def main() -> int:
    found = in_scripts()
    for file in others():
        name = str(file.relative_to(HOME))
        text = file.read_text(encoding="utf-8")
        found |= {ShellFinding(name, *said) for said in check(text, "")}
    for finding in sorted(found):
        print(finding)  # noqa: T201
    left = {*SHELL_FILES} - {file for one in scripts().values() for file in one.files}
    for file in sorted(left):
        print(f"{file.relative_to(HOME)}: no script has this file")  # noqa: T201
    return 1 if found or left else 0


if __name__ == "__main__":
    sys.exit(main())
