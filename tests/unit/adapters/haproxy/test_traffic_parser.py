"""What HAProxy counts, read from replies that were captured after known requests."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from rollout.adapters.haproxy.commands import traffic_line
from rollout.adapters.haproxy.reply_parser import UnparsableReply
from rollout.adapters.haproxy.traffic_parser import COLUMNS, read_traffic
from rollout.model.fleet import Server
from rollout.model.traffic import BackendTraffic, TrafficCounters, TrafficReading

CAPTURES = Path(__file__).parents[3] / "captures" / "haproxy"
VERSIONS = ("2.6", "2.8", "3.0")


def captured(version: str) -> str:
    """Return a whole reply, as it comes from the socket."""
    return (CAPTURES / f"{version}-traffic.txt").read_text()


def read(text: str, *backends: str) -> TrafficReading:
    return read_traffic("lb1", backends, text)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_counts_these_requests_alike(version: str) -> None:
    """5 good, 4 answered 500, 3 cut before the head, 2 in the body, 1 timed out; 2 refused."""
    seen = read(captured(version))
    assert sorted(seen.backends) == ["app", "dead", "none", "tcp"]
    app = seen.backends["app"].counters
    assert (app.requests, app.responses_5xx, app.server_aborts) == (15, 4 + 3 + 1, 2)
    assert app.failed == 4 + 3 + 2 + 1
    assert app.response_errors >= 3 + 2 + 1  # 3.0 counts each try
    dead = seen.backends["dead"].counters
    assert (dead.requests, dead.responses_5xx, dead.connect_errors, dead.redispatches) == (
        *(2, 2, 2),
        4,
    )
    none = seen.backends["none"]
    assert (none.counters.requests, none.counters.responses_5xx, none.serving) == (1, 1, 0)
    assert seen.servers[Server("lb1", "app", "a")].responses_5xx == 4  # those of the app itself
    assert seen.handled >= 15 + 2 + 1


@pytest.mark.parametrize("version", VERSIONS)
def test_in_tcp_mode_sessions_are_counted(version: str) -> None:
    tcp = read(captured(version)).backends["tcp"]
    assert tcp == BackendTraffic(counters=TrafficCounters(requests=7), sessions=1, serving=1)


def test_only_the_backends_asked_for_are_kept() -> None:
    seen = read(captured("3.0"), "app", "nowhere")
    assert set(seen.backends) == {"app"}
    assert {server.backend for server in seen.servers} == {"app"}


def test_frontends_of_the_same_name_are_passed_over() -> None:
    text = captured("2.6").replace("\napp,BACKEND", "\napp,FRONTEND")
    assert "app" not in read(text).backends


def test_a_column_that_a_version_lacks_counts_nothing() -> None:
    for column in COLUMNS.values():
        text = captured("2.6").replace(f",{column},", ",novelty,")
        assert read(text).backends["app"].counters.requests == 15


def test_a_column_without_which_nothing_can_be_said_is_an_error() -> None:
    for column in ("svname", "scur", "qcur", "act", "stot"):
        with pytest.raises(UnparsableReply, match=column):
            read(captured("2.6").replace(f",{column},", ",novelty,"))


def test_words_of_a_check_may_hold_commas_quotes_and_line_ends() -> None:
    text = captured("2.6")
    rows = text.split("\n")
    at = next(number for number, row in enumerate(rows) if row.startswith("app,a,"))
    rows[at] = rows[at].replace("no check", '"said ""no"", and\nwent\n\n,away"')
    assert read("\n".join(rows)).backends == read(text).backends


def test_numbers_as_large_as_haproxy_has_them() -> None:
    text = captured("2.6").replace("app,BACKEND,0,0,0,1,10,15,", f"app,BACKEND,0,0,0,1,10,{2**64},")
    assert read(text).backends["app"].counters.requests == 15
    text = text.replace("tcp,BACKEND,0,0,1,2,10,7,", f"tcp,BACKEND,0,0,1,2,10,{2**64 - 1},")
    assert read(text).backends["tcp"].counters.requests == 2**64 - 1


def test_a_haproxy_that_does_not_say_what_it_handled_may_have_handled_anything() -> None:
    text = captured("2.6").replace("CumReq:", "Other:").replace("CumConns:", "More:")
    assert read(text).handled == float("inf")


@pytest.mark.parametrize("version", VERSIONS)
@settings(deadline=None)  # a busy machine is no failure
@given(at=some.integers(0, 7_100))
def test_a_torn_reply_is_an_error(version: str, at: int) -> None:
    raw = captured(version)
    torn = raw[: min(at, len(raw) - 1)]
    with pytest.raises(UnparsableReply):
        read(torn.removesuffix("\n"))  # the line end of the whole reply is no part of it


@pytest.mark.parametrize("said", ["", "Unknown command.\n", "Permission denied\n", "\x00\n"])
def test_what_is_no_reply_at_all_is_an_error(said: str) -> None:
    with pytest.raises(UnparsableReply, match="show info"):
        read(said)


def test_a_number_that_is_none_is_an_error() -> None:
    with pytest.raises(UnparsableReply, match="many"):
        read(captured("2.6").replace("CumReq: ", "CumReq: many"))
    with pytest.raises(UnparsableReply, match="show stat"):
        read(captured("2.6").replace("app,BACKEND,0,", "app,BACKEND,few,"))


def test_one_line_asks_for_the_process_and_its_counters() -> None:
    assert traffic_line(servers=False) == "show info;show stat -1 2 -1"
    assert traffic_line(servers=True) == "show info;show stat -1 6 -1"
