"""`check` finds what could not be run or written, and runs nothing."""

from pathlib import Path

import pytest

from rollout.adapters.notify.preflight import try_commands, try_textfile


@pytest.mark.parametrize(
    "command",
    [
        "",
        "true",
        "test ! -e /etc/rollout/freeze",
        "/bin/echo hello",
        "FOO=bar cat",
        'FOO="a b" cat | cat',
        "$HOME/bin/tell",
        "if true; then exit 1; fi",
        "jqq() { true; }; jqq",
        "cd /; ls",
        "[ -e /nowhere ]",
        "(true)",
    ],
)
def test_what_a_shell_can_run_is_fine(command: str) -> None:
    assert list(try_commands({"hooks.after": command})) == []


@pytest.mark.parametrize(
    ("command", "what"),
    [
        ("no-such-program --now", "there is no program no-such-program"),
        ("/etc/passwd", "/etc/passwd is no program that this login can execute"),
        ("/no/such/file x", "/no/such/file is no program that this login can execute"),
        ("if true; then", "a shell cannot read it"),
        ("echo 'half", "a shell cannot read it"),
    ],
)
def test_what_no_shell_can_run_is_found(command: str, what: str) -> None:
    (finding,) = try_commands({"hooks.after": command})
    assert (finding.where, finding.what) == ("hooks.after", what)


def test_nothing_is_run(tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    touch = f"touch {touched}"
    list(try_commands({"hooks.after": f"{touch}; echo $({touch}) `{touch}`"}))
    assert not touched.exists()


def test_a_directory_that_cannot_be_written_is_found(tmp_path: Path) -> None:
    assert list(try_textfile(str(tmp_path / "shop.prom"))) == []
    assert list(tmp_path.iterdir()) == []
    (finding,) = try_textfile(str(tmp_path / "gone" / "shop.prom"))
    assert finding.where == "metrics.textfile"
    assert "No such file or directory" in finding.what
