"""Scripts are read from their files with their modules, and are sent without comments."""

from pathlib import Path

import pytest

from rollout.adapters.ssh.shell_files import Script

WITH_COMMENTS = """\
# What it is for.
no() { printf '%s\\n' "${1#*#}" >&2; }  # SENTENCE
  # shellcheck disable=SC2086 # a reason

case $1 in *#*) exit 1 ;; esac # the end
"""

WITHOUT = """\
no() { printf '%s\\n' "${1#*#}" >&2; }

case $1 in *#*) exit 1 ;; esac
"""


def test_comments_are_not_sent(tmp_path: Path) -> None:
    file = tmp_path / "a.sh"
    file.write_text(WITH_COMMENTS)
    assert Script(file).text == WITHOUT


def test_files_come_one_after_another(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"{name}.sh").write_text(f"# {name}.\necho {name}\n")
    first = Script(tmp_path / "a.sh", tmp_path / "b.sh")
    both = Script(first, tmp_path / "c.sh")
    assert [file.name for file in both.files] == ["a.sh", "b.sh", "c.sh"]
    assert both.text == "echo a\necho b\necho c\n"


def test_an_upgrade_in_the_middle_of_a_run_takes_no_script_away(tmp_path: Path) -> None:
    file = tmp_path / "undo.sh"
    file.write_text("echo 1\n")
    script = Script(file)
    file.unlink()
    assert script.text == "echo 1\n"
    with pytest.raises(FileNotFoundError):
        Script(tmp_path / "gone.sh")
