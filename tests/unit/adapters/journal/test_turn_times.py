"""The last turns of each target, from journals that may be torn, strange or many."""

import json
import os
import time
from pathlib import Path

import pytest

from rollout.adapters.journal.history import Journals
from rollout.adapters.journal.turn_times import RUNS, usual_times
from rollout.model.usual_times import REMEMBERED


@pytest.fixture(name="place")
def fixture_place(tmp_path: Path) -> Path:
    directory = tmp_path / "state"
    directory.mkdir(mode=0o700)
    return directory


def done(target: str = "web1", seconds: object = 8.0, **more: object) -> str:
    line = {"event": "target.done", "target": target, "seconds": seconds, **more}
    return json.dumps(line, separators=(",", ":"))


def journal(place: Path, number: int, *lines: str, end: str = "\n") -> Path:
    file = place / f"shop.{number:06d}.{number:06x}.jsonl"
    file.write_text("\n".join(lines) + end)
    file.chmod(0o600)
    return file


def test_the_newest_turns_count_the_newest_first(place: Path) -> None:
    for number in range(1, 9):
        journal(place, number, done(seconds=number, phases={"boot": number - 1.0, "watch": 2.0}))
    turns = Journals(place, "shop").usual_times().turns["web1"]
    assert [turn.out for turn in turns] == [8.0, 7.0, 6.0, 5.0, 4.0]
    assert len(turns) == REMEMBERED
    assert turns[0].phases == {"boot": 7.0, "watch": 2.0}


def test_two_turns_in_one_run_are_two(place: Path) -> None:
    journal(place, 1, done(seconds=3), done(seconds=4))
    assert [turn.out for turn in usual_times(place, "shop").turns["web1"]] == [4.0, 3.0]


def test_the_run_that_looks_is_no_past_one(place: Path) -> None:
    journal(place, 1, done(seconds=3))
    journal(place, 2, done(seconds=4))
    assert usual_times(place, "shop", but="000002").out("web1") == 3.0


def test_another_app_and_another_directory_are_not_read(place: Path) -> None:
    journal(place, 1, done())
    assert usual_times(place, "sho").turns == {}
    assert usual_times(place / "away", "shop").turns == {}


STRANGE = [
    done()[:-9],
    done(seconds="soon"),
    done(seconds=None),
    done(seconds=-1),
    done(seconds=True)[:-1] + ',"phases":7}',
    done(seconds=10**400),
    done(seconds=float("nan")),
    done(seconds=float("inf")),
    done(seconds=[]),
    done(phases={"boot": "long"}),
    done(phases={"boot": float("nan")}),
    done(phases=[1, 2]),
    '{"event":"target.done"}',
    '["event":"target.done"]',
    '[{"event":"target.done"}]',
    '"\\"event\\":\\"target.done\\""',
    '{"event":"noted","where":"x","what":{"event":"target.done"},"target":"web1","seconds":1}',
    "[" * 100_000 + '"event":"target.done"',
    '{"a":' * 100_000 + '"event":"target.done"',
    '\x00\udc80"event":"target.done"'.encode("utf-8", "surrogateescape").decode("latin-1"),
]


@pytest.mark.parametrize("line", STRANGE)
def test_a_line_that_no_run_can_have_written_is_passed_over(place: Path, line: str) -> None:
    journal(place, 1, line, done(seconds=6))
    assert [turn.out for turn in usual_times(place, "shop").turns["web1"]] == [6.0]


def test_a_last_line_without_its_end_is_passed_over(place: Path) -> None:
    journal(place, 1, done(seconds=6), done(seconds=7)[:-3], end="")
    assert usual_times(place, "shop").out("web1") == 6.0


def test_a_journal_that_cannot_be_trusted_or_read_costs_only_itself(place: Path) -> None:
    journal(place, 1, done(seconds=6))
    journal(place, 2, done(seconds=7)).chmod(0o666)
    (place / "shop.000003.000003.jsonl").symlink_to("/dev/zero")
    os.mkfifo(place / "shop.000004.000004.jsonl", 0o600)
    (place / "shop.000005.000005.jsonl").mkdir()
    assert usual_times(place, "shop").out("web1") == 6.0


def test_a_directory_that_others_can_write_is_not_read(place: Path) -> None:
    journal(place, 1, done(seconds=6))
    place.chmod(0o777)
    assert usual_times(place, "shop").turns == {}


def test_200_journals_are_read_while_nobody_waits(place: Path) -> None:
    """Of 2,000 lines each, most of them readings of the load balancers: 12 MB are looked into."""
    other = json.dumps({"event": "traffic.seen", "balancer": "lb1", "backends": ["x" * 160]})
    text = "\n".join([*[other] * 2_000, *(done(f"web{n}", n) for n in range(8))]) + "\n"
    for number in range(1, 201):
        journal(place, number, text, end="")
    began = time.process_time()
    times = usual_times(place, "shop")
    spent = time.process_time() - began
    assert times.out("web5") == 5.0
    assert spent < 1.0, f"{spent:.2f}s of the processor for {RUNS} journals"


def event(name: str, **said: object) -> str:
    return json.dumps({"event": name, **said}, separators=(",", ":"))


def whole_run(verb: str = "restart", seconds: float = 30.0, *, ends: bool = True) -> list[str]:
    return [
        event("run.began", verb=verb, elapsed=0.1),
        event("rollout.started", elapsed=1.5),
        event("target.claimed", target="web1", elapsed=1.9),
        done(elapsed=10.0),
        event("target.claimed", target="web2", elapsed=10.2),
        done("web2", elapsed=20.0),
        *([event("rollout.finished", elapsed=21.0)] if ends else []),
        event("summary", seconds=seconds),
    ]


def test_what_a_run_takes_beside_its_turns_is_kept_by_its_command(place: Path) -> None:
    journal(place, 1, *whole_run())
    journal(place, 2, *whole_run(seconds=24.0))
    journal(place, 3, *whole_run("uninterrupted", seconds=40.0))
    journal(place, 4, *whole_run(ends=False, seconds=99.0))  # halted: no measure for a whole run

    times = usual_times(place, "shop")

    assert times.around == {"uninterrupted": (21.5,), "restart": (5.5, 11.5)}
    assert times.around_turns("restart") == 8.5
    assert times.around_turns("rollback") is None
    assert times.before_a_turn == pytest.approx(0.4)


def test_moments_that_are_none_are_not_known(place: Path) -> None:
    lines = [line.replace('"elapsed":1.5', '"elapsed":"soon"') for line in whole_run()]
    journal(place, 1, *lines)
    times = usual_times(place, "shop")
    assert (times.around, times.before_a_turn) == ({}, 0.0)
    assert times.out("web1") == 8.0
