"""What is asked on a terminal, and what is taken where nothing can be asked."""

from collections.abc import Callable

import pytest
import typer

from rollout.cli.init_questions import Questions
from rollout.cli.init_session import no_host_known
from rollout.discovery.host_mapping import HostMapping, UnmappedServer
from rollout.model.errors import RemoteError, SettingsError
from tests.support.fleets_seen import row

SILENT, ASKING = Questions(interactive=False), Questions(interactive=True)

Script = Callable[..., list[str]]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    """Answer the questions one by one; an empty answer takes what is proposed."""

    def play(*answers: str) -> list[str]:
        left, asked = [*answers], list[str]()

        def prompt(question: str, *, default: str, show_default: bool, err: bool) -> str:
            assert err
            assert show_default == bool(default)
            asked.append(question)
            return left.pop(0) or default

        monkeypatch.setattr(typer, "prompt", prompt)
        return asked

    return play


def test_one_socket_on_this_machine_needs_no_question() -> None:
    assert SILENT.sockets(["/run/a.sock"]) == ("/run/a.sock",)
    with pytest.raises(SettingsError, match="there is none on this machine: say --socket or --lb"):
        SILENT.sockets([])
    with pytest.raises(SettingsError, match="there are /a, /b"):
        SILENT.sockets(["/a", "/b"])


def test_several_sockets_may_be_said_and_none(script: Script) -> None:
    script("lb1:/run/a.sock lb2:/run/a.sock", "", "none", "")
    assert ASKING.sockets([]) == ("lb1:/run/a.sock", "lb2:/run/a.sock")
    assert ASKING.sockets(["/run/b.sock", "/run/c.sock"]) == ("/run/b.sock",)
    assert ASKING.sockets(["/run/b.sock"]) == ()
    assert ASKING.sockets([]) == ()


def test_a_backend_must_be_one_of_haproxys(script: Script) -> None:
    there = {"app": [row("a")] * 6, "api": [row("b")]}
    asked = script("nosuch", "api, app")
    assert ASKING.backends(there, ["app"]) == ("api", "app")
    assert len(asked) == 2
    assert SILENT.backends(there, ["app"]) == ("app",)


def test_each_address_without_a_host_is_asked_for_once(script: Script) -> None:
    strangers = [
        UnmappedServer(row("a", "10.0.0.1"), "not known", ""),
        UnmappedServer(row("b", "10.0.0.1", 81), "not known", ""),
        UnmappedServer(row("c", ""), "no address", ""),
        UnmappedServer(row("d", "10.0.0.4"), "not known", ""),
    ]
    asked = script("-oX", "web1", "", "web4")
    assert ASKING.hosts_of(strangers) == {"10.0.0.1": "web1", "10.0.0.4": "web4"}
    assert [one.split()[3] for one in asked] == ["10.0.0.1,", "10.0.0.1,", "c,", "10.0.0.4,"]
    assert SILENT.hosts_of(strangers) == {}


def test_an_expression_must_match_a_process_or_stays_open(script: Script) -> None:
    script("(", "nginx", "app_.*")
    assert ASKING.match(["app_1", "cron"], "several") == "app_.*"
    script("")
    assert ASKING.match(["app_1"], "several") == ""
    assert SILENT.match(["app_1"], "several") == ""


def test_the_name_of_the_application_is_one(script: Script) -> None:
    script("shop front", "shop", "")
    assert ASKING.app("app") == "shop"
    assert ASKING.app("app") == "app"
    assert SILENT.app("app") == "app"


def test_yes_is_taken_where_nothing_can_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert SILENT.confirm("Write?")
    monkeypatch.setattr(typer, "confirm", lambda *_, **__: False)
    assert not ASKING.confirm("Write?")


def test_what_became_of_an_answer_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    ASKING.show(SettingsError(["one", "two"]))
    ASKING.show(RemoteError("lb1", "no route", "look at the cable"))
    assert capsys.readouterr().err == (
        "rollout: one\nrollout: two\nrollout: lb1: no route\n  fix: look at the cable\n"
    )


def test_a_server_whose_host_is_not_known_is_named_once_for_all_load_balancers() -> None:
    rows = [row(f"web{n}", balancer=lb) for lb in ("lb1", "lb2") for n in range(12)]
    unmapped = tuple(UnmappedServer(one, "no name leads there", "name it") for one in rows)
    what = no_host_known(HostMapping(unmapped=unmapped)).what
    named = [line.split(":")[0].strip() for line in what.splitlines()[1:]]
    assert named == [f"app/web{n}" for n in range(10)]
