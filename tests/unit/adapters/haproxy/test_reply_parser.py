from pathlib import Path

import pytest

from rollout.adapters.haproxy.reply_parser import UnparsableReply, complaints, read_look
from rollout.model.errors import BalancerError
from rollout.model.fleet import Admin, BalancerSnapshot, OperationalState

CAPTURES = Path(__file__).parents[3] / "captures" / "haproxy"
VERSIONS = ["2.6", "2.8"]


def captured(name: str) -> str:
    return (CAPTURES / f"{name}.txt").read_text()


def read(text: str, *backends: str) -> BalancerSnapshot:
    return read_look("lb1", backends, text)


def lines(reading: BalancerSnapshot) -> dict[str, tuple[str, int, int]]:
    return {
        f"{server.backend}/{server.name}": (state.status, int(state.admin), int(state.operation))
        for server, state in reading.servers.items()
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_a_farm_at_rest_is_read_alike_from_every_version(version: str) -> None:
    reading = read(captured(f"{version}-at-rest"))
    assert reading.version.startswith(version)
    assert reading.process.pid > 1
    assert reading.process.started > 1_700_000_000
    assert reading.notes == ()
    assert lines(reading) == {
        "app/web1": ("UP", 0, 2),
        "app/web2": ("UP", 0, 2),
        "app/six": ("UP", 0, 2),
        "app/closed": ("DOWN", 0, 0),
        "app/off": ("MAINT", 5, 0),
        "app/bare": ("no check", 0, 2),
        "app/spare": ("UP", 0, 2),
        "app/slow": ("UP", 0, 2),
        "app/talk": ("UP", 0, 2),
        "app/mapped": ("UP", 0, 2),
        "app/nowhere": ("MAINT (resolution)", 32, 0),
        "follow/web1": ("UP", 0, 2),
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_what_was_ordered_is_read_alike_from_every_version(version: str) -> None:
    reading = read(captured(f"{version}-orders-given"))
    servers = {f"{s.backend}/{s.name}": state for s, state in reading.servers.items()}
    assert servers["app/web1"].admin is Admin.FORCED_MAINT
    assert servers["follow/web1"].admin is Admin.INHERITED_MAINT
    assert servers["follow/web1"].tracks == "app/web1"
    assert servers["app/web2"].admin is Admin.FORCED_DRAIN
    assert (servers["app/web2"].weight, servers["app/web2"].initial_weight) == (0, 10)
    assert (servers["app/slow"].throttle, servers["app/slow"].operation) == (
        7,
        OperationalState.STARTING,
    )
    assert (servers["app/spare"].backup, servers["app/spare"].checked) == (True, False)
    assert (servers["app/talk"].status, servers["app/talk"].agent) == ("DOWN (agent)", True)
    assert (servers["app/six"].address, servers["app/six"].port) == ("::1", 8006)
    assert (servers["app/nowhere"].address, servers["app/mapped"].port) == ("", 0)


def test_only_the_backends_asked_for_are_kept() -> None:
    assert set(lines(read(captured("2.6-at-rest"), "follow"))) == {"follow/web1"}


def test_columns_are_found_by_name_and_not_by_place() -> None:
    text = captured("2.6-at-rest")
    changed = text.replace("# pxname,svname,qcur", "# pxname,svname,novelty,qcur")
    rows = [
        ",".join([*r.split(",")[:2], "7", *r.split(",")[2:]])
        if r.startswith(("app,", "follow,"))
        else r
        for r in changed.split("\n")
    ]
    assert lines(read("\n".join(rows))) == lines(read(text))


def test_an_unknown_status_is_an_error_and_never_down() -> None:
    text = captured("2.6-at-rest").replace(",no check,", ",pondering,")
    with pytest.raises(BalancerError, match="'pondering', a status unknown to us"):
        read(text)


def test_a_process_that_tells_no_start_has_its_pid_alone() -> None:
    text = captured("2.6-at-rest").replace("Start_time_sec", "Something_else")
    assert read(text).process.started == 0


def test_an_old_haproxy_is_noted() -> None:
    text = captured("2.6-at-rest").replace("Version: 2.6.12", "Version: 2.2.9")
    (note,) = read(text).notes
    assert "older than 2.4" in note


@pytest.mark.parametrize("words", ["Unknown command", "Permission denied"])
def test_an_error_in_place_of_a_table_is_quoted(words: str) -> None:
    with pytest.raises(BalancerError, match=words):
        read(f"Name: HAProxy\nPid: 7\n\n{words}\n\n")


def test_a_reply_cut_short_anywhere_is_never_read_as_another_farm() -> None:
    text = captured("2.6-orders-given")
    whole = lines(read(text))
    for length in range(0, len(text.rstrip()) - 20, 53):
        try:
            part = lines(read(text[:length]))
        except (UnparsableReply, BalancerError):
            continue
        assert part.items() <= whole.items()


def test_words_of_an_agent_with_line_ends_and_quotes_stay_one_cell() -> None:
    text = captured("2.8-orders-given")
    torn = text.replace("disk full, see", "disk full,\n\napp,web9,see")
    assert torn != text
    assert lines(read(torn)) == lines(read(text))


def test_silence_is_consent() -> None:
    assert complaints(["a", "b", "c"], "\n") == ()


def test_each_complaint_names_its_command() -> None:
    text = "\nNo such server.\n\n\nline one\nline two\n"
    assert complaints(["a", "b", "c", "d"], text) == (
        "`b`: No such server.",
        "`d`: line one line two",
    )
