"""The shell of the project: what stands in ``*.sh`` files, and what of it is sent to hosts."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from rollout.adapters.ssh.login_shell import LONGEST, command_line, new_mark
from rollout.adapters.ssh.shell_files import Script
from tests import shell_lint
from tests.support.shell_scripts import HOME, SHELL_FILES, scripts

SCRIPTS = scripts()
SHELL_IN_PYTHON = re.compile(r"^\s*(fi|done|esac)\s*([|<&;}].*)?$|;\s*(then|do)$", re.MULTILINE)


@pytest.mark.parametrize("file", SHELL_FILES, ids=lambda file: file.name)
def test_a_shell_file_begins_with_one_plain_sentence(file: Path) -> None:
    first = file.read_text(encoding="utf-8").splitlines()[0]
    assert re.fullmatch(r"# [A-Z][^.]*(\.\w[^.]*)*[.?]", first), first
    assert len(first) <= 100


def program(text: str) -> str:
    """Return ``text`` as bash prints what it has read: without comments and in one form."""
    words = ["bash", "--norc", "-c", f"f() {{\n{text}\n}}; declare -f f"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_is_sent_is_what_stands_in_the_files_without_the_comments(name: str) -> None:
    script = SCRIPTS[name]
    whole = "".join(file.read_text(encoding="utf-8") for file in script.files)
    assert program(script.text) == program(whole)
    assert not re.search(r"^\s*#", script.text, re.MULTILINE)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_leaves_most_of_an_argument_to_its_values(name: str) -> None:
    assert len(command_line(SCRIPTS[name].text, new_mark())) < LONGEST / 8


def long_shell(python: str) -> Iterator[int]:
    """Yield the lines on which a string with more than three lines of shell begins."""
    tree = ast.parse(python)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if id(node) in docstrings:
            continue
        pieces = node.values if isinstance(node, ast.JoinedStr) else [node]
        words = [str(one.value) for one in pieces if isinstance(one, ast.Constant)]
        text = "".join(words)
        if text.count("\n") > 3 and SHELL_IN_PYTHON.search(text):
            yield node.lineno if isinstance(node, ast.expr) else 0


def test_no_module_has_a_script_in_a_string() -> None:
    found = [
        f"{file.relative_to(HOME)}:{line}"
        for file in sorted((HOME / "rollout").rglob("*.py"))
        for line in long_shell(file.read_text(encoding="utf-8"))
    ]
    assert not found


@pytest.mark.parametrize("prefix", ["", "r", "f"])
def test_a_script_in_a_string_would_be_found(prefix: str) -> None:
    script = 'x = 1\nA = %s"""\nif [ -e "$1" ]; then\n  cat "$1"\nelse\n  exit 1\nfi\n"""\n'
    assert 2 in long_shell(script % prefix)


def test_shellcheck_reads_a_script_as_a_host_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "first.sh", tmp_path / "second.sh"
    first.write_text("# One.\nplace=$1 other=2\n")
    second.write_text('# Two.\necho "$place"\necho $mistyped\n')
    monkeypatch.setattr(shell_lint, "HOME", tmp_path)
    found = shell_lint.in_script(Script(first, second))
    assert {(one.file, one.line, one.code) for one in found} == {
        ("first.sh", 2, 2034),
        ("second.sh", 3, 2154),
        ("second.sh", 3, 2086),
    }
