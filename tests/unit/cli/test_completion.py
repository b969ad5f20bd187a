"""What TAB offers: lists of hosts, words that bash has cut apart, and nothing where that fails."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import typer

from rollout.cli.completion import LATER, OFFERS, completer, join_words
from rollout.cli.options import HOSTS
from rollout.settings.options import Option

SETTINGS = """\
app = "shop"
[fleet]
hosts = ["web[01-02],web7", "db1"]
[env.other]
app = "cellar"
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / "rollout.toml").write_text(SETTINGS)
    journals = tmp_path / "rollout"
    journals.mkdir()
    for name in ("shop.000009.a11ce0", "shop.000010.b0b000", "cellar.000001.ca401d", "shop.x"):
        (journals / f"{name}.jsonl").write_text("{}\n")
    return tmp_path


def context(later: dict[str, str] | None = None, **before: str) -> typer.Context:
    root = SimpleNamespace(params=before)
    meta: dict[str, Any] = {LATER: later or {}}
    return cast("typer.Context", SimpleNamespace(meta=meta, find_root=lambda: root))


def offers(kind: str, typed: str = "", ctx: typer.Context | None = None) -> list[str]:
    return list(OFFERS[kind](ctx or context(), typed))


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("", ["web[01-02]", "web01", "web02", "web7", "db1"]),
        ("web01,", ["web01,web02", "web01,web7", "web01,db1"]),
        ("web[01-02],w", ["web[01-02],web7", "web[01-02],db1"]),
        ("web[01,", ["web[01-02]", "web01", "web02", "web7", "db1"]),  # inside a range
    ],
)
def test_a_list_of_hosts_goes_on_with_those_that_are_not_in_it(
    typed: str, offered: list[str]
) -> None:
    assert offers("hosts", typed) == offered


def test_a_name_that_a_shell_would_take_for_more_is_not_offered(here: Path) -> None:
    """The settings of a directory that was only entered put `$(...)` into the command line."""
    evil = '[env."$(id)"]\n[env."a b"]\n[env."\\u001b[2J"]\n[env.";id"]\n[env.eu-west.fleet]\n'
    (here / "rollout.toml").write_text(SETTINGS + evil)
    assert offers("environments") == ["other", "eu-west"]


def test_runs_are_those_of_the_app_the_newest_first() -> None:
    assert offers("runs") == ["b0b000", "a11ce0"]
    assert offers("runs", ctx=context(env="other")) == ["ca401d"]
    assert offers("runs", ctx=context({"env": "other"})) == ["ca401d"]


@pytest.mark.parametrize("text", ["app = [", 'app = 3\nfleet = "web1"', "", "env = 1"])
def test_settings_that_make_no_sense_offer_nothing_and_say_nothing(
    text: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "rollout.toml").write_text(text)
    for kind in OFFERS:
        offer = completer(Option(flag="--x", help="", completes=kind))
        assert offer
        assert list(offer(context(), "")) == []
    assert capsys.readouterr() == ("", "")


def test_an_option_without_values_offers_none() -> None:
    assert completer(Option(flag="--x", help="")) is None
    assert HOSTS.completes in OFFERS


@pytest.mark.parametrize(
    ("words", "current", "joined", "then"),
    [
        ("rollout restart --hosts = we", 4, "rollout restart --hosts we", 3),
        ("rollout restart --hosts =", 3, "rollout restart --hosts ", 3),
        ("rollout --env = x check --hosts = a", 7, "rollout --env x check --hosts a", 5),
        ("rollout restart --hosts we", 3, "rollout restart --hosts we", 3),
    ],
)
def test_what_bash_has_cut_at_the_equals_sign_is_joined(
    words: str, current: int, joined: str, then: int
) -> None:
    environ = {"COMP_WORDS": words.replace(" ", "\n"), "COMP_CWORD": str(current)}
    join_words(environ)
    assert environ == {"COMP_WORDS": joined.replace(" ", "\n"), "COMP_CWORD": str(then)}
