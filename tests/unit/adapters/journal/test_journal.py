"""What a run writes down is read back by the next one, whatever happened to the disk between."""

import asyncio
import json
import os
import subprocess
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from rollout.adapters.journal.files import FORMAT, KEPT, JournalFile, names_in
from rollout.adapters.journal.history import Journals
from rollout.adapters.journal.reader import last_run, open_runs, read
from rollout.adapters.journal.serialization import spell_holder
from rollout.adapters.journal.writer import RESERVE, Journal, settle
from rollout.events import (
    DeployFinished,
    DeployStarted,
    DeployTakenBack,
    Event,
    ReleaseInPlace,
    RollbackStarted,
    RolloutStarted,
)
from rollout.model.errors import RecordError
from rollout.model.fleet import AdminState
from rollout.model.lock_state import PastRun
from rollout.output.jsonl import JsonLines
from rollout.output.messages import RunResult, StampedEvent
from rollout.summary.run import RunSummary
from tests.support.left_out import ALICE, owned_target, server

T = TypeVar("T")

STARTED = RolloutStarted(targets=("web1", "web2"), max_out=1, floor="75%")
DEPLOYED = DeployStarted(
    release="20261122230000", revision="c0ffee", hosts=("web1", "web2"), fresh=True
)

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small disk")


def now(scenario: Coroutine[object, object, T]) -> T:
    return asyncio.run(scenario)


def begun(
    place: Path, run: str = ALICE.run, *, app: str = "shop", done: Sequence[str] = ()
) -> Journal:
    journal = Journal.begin(place, app, run)
    journal.put(
        "began",
        at=ALICE.since,
        app=app,
        verb="restart",
        owner={**spell_holder(ALICE), "run": run},
        hosts=["web1", "web2"],
        flags={"--max-out": "2"},
        settings={"fleet.floor": "75%"},
        done=list(done),
    )
    return journal


def tells(journal: Journal, *events: Event) -> None:
    output_mode = JsonLines(journal)
    for number, event in enumerate(events):
        output_mode.show(StampedEvent(journal.run, number, ALICE.since, event, RunSummary()))
    written(journal)


def written(journal: Journal) -> None:
    """Wait until what was told is in the file: events are written in a thread, in turn."""
    now(journal._pool.call(lambda: None))


def accounts(journal: Journal) -> int:
    """Write the summary as the broadcast does, and return the code that it says."""
    ending = RunResult(run=journal.run, number=9, at=ALICE.since, summary=RunSummary(), seconds=1.0)
    JsonLines(journal).end(ending)
    assert journal.close(1.0)
    return ending.exit_code.value


def past_of(journal: Journal) -> PastRun:
    (name,) = (n for n in names_in(journal.file.parent, "shop") if n.run == journal.run)
    past = read(name)
    assert past is not None
    return past


def killed(journal: Journal) -> None:
    """Let go of it as a kill does: the file is closed, and nothing more is said."""
    os.close(journal._descriptor)


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    journal = begun(tmp_path / "not" / "yet" / "there", done=["web0"])
    tells(journal, STARTED)
    now(journal.held(owned_target("web1")))
    now(journal.held(owned_target("web2")))
    now(journal.held(owned_target("web2", asked=True)))
    now(journal.released("web1", restarted=True))
    past = past_of(journal)
    assert past.owner == ALICE
    assert past.file == str(journal.file)
    assert (past.verb, past.hosts) == ("restart", ("web1", "web2"))
    assert past.flags == {"--max-out": "2"}
    assert past.settings == {"fleet.floor": "75%"}
    assert past.targets == ("web1", "web2")
    assert past.done == ("web0", "web1")
    assert past.left == ("web2",)
    assert past.owned_targets == (owned_target("web2", asked=True),), (
        "the last line of a target counts"
    )
    assert past.died
    assert past.unfinished


def test_who_goes_back_without_a_restart_is_not_done(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    tells(journal, STARTED)
    now(journal.held(owned_target("web1")))
    now(journal.released("web1", restarted=False))
    past = past_of(journal)
    assert (past.owned_targets, past.done, past.left) == ((), (), ("web1", "web2"))


def test_who_is_taken_out_once_more_is_no_longer_done(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    tells(journal, STARTED)
    now(journal.held(owned_target("web1", asked=True)))
    now(journal.released("web1", restarted=True))
    now(journal.held(owned_target("web1")))
    assert past_of(journal).done == ()
    assert past_of(journal).left == ("web1", "web2")


def test_a_run_that_told_its_account_has_not_died(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    tells(journal, STARTED)
    code = accounts(journal)
    assert past_of(journal).exit_code == code
    assert not past_of(journal).died
    assert not past_of(journal).unfinished, "nobody is out, and it said so itself"


def test_a_run_that_ended_with_a_server_out_is_unfinished_until_somebody_sees_to_it(
    tmp_path: Path,
) -> None:
    journal = begun(tmp_path)
    tells(journal, STARTED)
    now(journal.held(owned_target("web1", asked=True)))
    accounts(journal)
    journal.leave()
    history = Journals(tmp_path, "shop")
    (past,) = history.open_runs()
    assert past.unfinished
    assert not past.died
    history.settle(past.run, "b0b000")
    assert history.open_runs() == ()
    assert past_of(journal).settled == "b0b000"
    assert past_of(journal).owned_targets == ()
    assert not past_of(journal).unfinished


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ([], (False, False, False)),
        ([ReleaseInPlace(release="20261122230000", before={"web1": "r0"})], (True, False, False)),
        ([DeployTakenBack(release="20261122230000", reason="no room")], (False, True, False)),
        (
            [
                ReleaseInPlace(release="20261122230000", before={"web1": "r0"}),
                RollbackStarted(release="r0", targets=("web1",), reason="it does not come up"),
            ],
            (True, True, False),
        ),
        (
            [
                ReleaseInPlace(release="20261122230000", before={"web1": "r0"}),
                DeployFinished(release="20261122230000", revision="c0ffee"),
            ],
            (True, False, True),
        ),
    ],
)
def test_how_far_a_release_got_is_read_back(
    tmp_path: Path, events: list[Event], state: tuple[bool, bool, bool]
) -> None:
    journal = begun(tmp_path)
    tells(journal, DEPLOYED, *events)
    deploy = past_of(journal).deploy
    assert deploy is not None
    assert (deploy.release, deploy.revision) == ("20261122230000", "c0ffee")
    assert (deploy.hosts, deploy.fresh) == (("web1", "web2"), True)
    assert (deploy.in_place, deploy.gone_back, deploy.live) == state
    assert deploy.before == ({"web1": "r0"} if state[0] else {})


def test_a_deploy_that_died_with_all_restarted_and_not_marked_live_is_unfinished(
    tmp_path: Path,
) -> None:
    journal = begun(tmp_path)
    tells(journal, DEPLOYED, STARTED)
    for host in ("web1", "web2"):
        now(journal.held(owned_target(host)))
        now(journal.released(host, restarted=True))
    assert past_of(journal).unfinished
    tells(journal, DeployFinished(release="20261122230000", revision="c0ffee"))
    assert not past_of(journal).unfinished


def small_journal(place: Path) -> Journal:
    journal = begun(place)
    tells(journal, STARTED)
    now(journal.held(owned_target("web1")))
    tells(journal, DEPLOYED)
    now(journal.held(owned_target("web1", asked=True)))
    now(journal.held(owned_target("web2")))
    now(journal.released("web2", restarted=False))
    accounts(journal)
    return journal


def test_a_journal_torn_at_any_byte_is_read_and_loses_no_holding_that_was_whole(
    tmp_path: Path,
) -> None:
    journal = small_journal(tmp_path / "whole")
    whole = journal.file.read_bytes()
    name = JournalFile(tmp_path, "shop", 1, ALICE.run)
    for length in range(len(whole) + 1):
        name.journal.write_bytes(whole[:length])
        past = read(name)
        lines = [json.loads(line) for line in whole[:length].split(b"\n")[:-1]]
        if not lines:
            assert past is None or past.owned_targets == ()
            continue
        assert past is not None
        now_held: dict[str, bool] = {}
        for line in lines:
            if line["event"] == "record.held":
                now_held[line["owned_target"]["target"]] = bool(line["owned_target"]["asked"])
            if line["event"] == "record.released":
                del now_held[line["target"]]
        read_back = {one.target.name: bool(one.asked) for one in past.owned_targets}
        # A line that lacks nothing but its end may count: its bytes were all there.
        lost = {n: read_back.get(n) for n in now_held if read_back.get(n) != now_held[n]}
        assert not lost or whole[length : length + 1] == b"\n", f"at byte {length}: {lost}"


def test_a_line_torn_in_the_middle_by_a_full_disk_does_not_spoil_the_next(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    now(journal.held(owned_target("web1")))
    with journal.file.open("ab") as file:  # what a short write leaves
        file.write(b'{"v":1,"run":"a11ce0","event":"target.wai')
    journal._torn = True
    now(journal.held(owned_target("web2")))
    names = [one.target.name for one in past_of(journal).owned_targets]
    assert names == ["web1", "web2"]


def test_settling_a_journal_that_ends_in_a_torn_line_is_read(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    tells(journal, STARTED)
    now(journal.held(owned_target("web1")))
    with journal.file.open("ab") as file:
        file.write(b'{"v":1,"run":"a11ce0","event":"record.held","hold')
    killed(journal)
    ((name, _),) = open_runs(tmp_path, "shop")
    settle(name, "b0b000")
    assert past_of(journal).settled == "b0b000"
    assert open_runs(tmp_path, "shop") == ()


def test_it_is_read_while_it_is_written(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    for number in range(20):
        now(journal.held(owned_target(f"web{number}")))
        (past,) = Journals(tmp_path, "shop").open_runs()
        assert len(past.owned_targets) == number + 1
    assert Journals(tmp_path, "shop", but=ALICE.run).open_runs() == ()


@pytest.mark.parametrize(
    "garbage",
    [
        b"\0" * 4096,
        b"\xff\xfe\x80 not utf-8",
        b"[]",
        b"null",
        b'"words"',
        b"{}",
        b'{"event":17}',
        b'{"event":"record.released"}',
        b'{"event":"rollout.started","targets":7}',
        b'{"event":"record.of_a_later_version","v":2,"anything":[1,2,{"three":4}]}',
        b'{"event":"summary","exit_code":"none"}',
        b'{"event":"summary","exit_code":1e999}',
        b'{"event":"deploy.started"}',
        b'{"event":"deploy.in_place","before":7}',
        b'{"event":["record.held"]}',
        b'{"event":{"record":"held"}}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"event":"summary","exit_code":' + b"9" * 5000 + b"}",
    ],
    ids=lambda garbage: garbage[:40].decode("ascii", "replace"),
)
def test_a_later_versions_lines_and_garbage_are_passed_over(tmp_path: Path, garbage: bytes) -> None:
    journal = begun(tmp_path)
    tells(journal, STARTED)
    now(journal.held(owned_target("web1")))
    with journal.file.open("ab") as file:
        file.write(garbage + b"\n")
    now(journal.held(owned_target("web2")))
    past = past_of(journal)
    assert [one.target.name for one in past.owned_targets] == ["web1", "web2"]
    assert past.targets == ("web1", "web2")
    assert past.exit_code is None


def test_words_that_a_later_version_added_change_nothing(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    now(journal.held(owned_target("web1")))
    text = journal.file.read_text()
    journal.file.write_text(text.replace('{"v":1,', '{"v":1,"later":[{"x":1}],'))
    assert past_of(journal).owned_targets == (owned_target("web1"),)


def test_hostile_names_stay_one_line(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    name = 'web1\n{"event":"record.settled","by":"x"}\u2028\x85\x1b[2J\udcff'
    one = owned_target("web1")
    now(journal.held(replace(one, target=replace(one.target, name=name))))
    past = past_of(journal)
    assert past.settled == ""
    assert [one.target.name for one in past.owned_targets] == [name]


def test_journals_are_in_the_order_of_their_beginning_though_the_clock_goes_back(
    tmp_path: Path,
) -> None:
    runs = ["ffffff", "000000", "aaaaaa"]
    for number, run in enumerate(runs):
        journal = begun(tmp_path, run)
        tells(journal, STARTED)
        os.utime(journal.file, (2_000_000_000 - number * 86400,) * 2)
    assert [past.run for past in Journals(tmp_path, "shop").open_runs()] == runs
    found = last_run(tmp_path, "shop")
    assert found is not None
    assert found[1].run == "aaaaaa"


def test_the_order_holds_beyond_a_million_journals(tmp_path: Path) -> None:
    for number, run in ((999_999, "aa"), (1_000_000, "bb")):
        JournalFile(tmp_path, "shop", number, run).journal.touch()
    assert [name.run for name in names_in(tmp_path, "shop")] == ["aa", "bb"]
    journal = Journal.begin(tmp_path, "shop", "cc")
    assert [name.run for name in names_in(tmp_path, "shop")] == ["aa", "bb", "cc"]
    journal.leave()


def test_the_journals_of_another_app_are_not_ours(tmp_path: Path) -> None:
    begun(tmp_path, "aa", app="shop")
    begun(tmp_path, "bb", app="shop.eu")
    begun(tmp_path, "cc", app="sho")
    assert [past.run for past in Journals(tmp_path, "shop").open_runs()] == ["aa"]
    assert [past.run for past in Journals(tmp_path, "shop.eu").open_runs()] == ["bb"]
    assert Journals(tmp_path, "s.op").open_runs() == ()


def test_old_journals_go_and_open_ones_stay(tmp_path: Path) -> None:
    for number in range(1, KEPT + 50):
        name = JournalFile(tmp_path, "shop", number, f"{number:06x}")
        name.journal.touch()
        if number in {3, 7}:
            name.mark.touch()
    journal = Journal.begin(tmp_path, "shop", "abcdef")
    kept = [name.number for name in names_in(tmp_path, "shop")]
    assert {3, 7} <= set(kept), "an open one stays"
    assert kept[-1] == KEPT + 50
    closed = [number for number in kept if number not in {3, 7}]
    assert KEPT <= len(closed) <= KEPT + 1
    assert closed == list(range(closed[0], KEPT + 51)), "the oldest have gone"
    journal.leave()


def test_a_journal_nobody_needs_any_more_is_closed_by_leaving_it(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    now(journal.held(owned_target("web1")))
    now(journal.released("web1", restarted=True))
    journal.leave()
    assert Journals(tmp_path, "shop").open_runs() == ()
    assert [path.name for path in tmp_path.iterdir()] == [journal.file.name]


def test_a_journal_that_is_left_while_somebody_is_out_takes_no_room_and_is_found(
    tmp_path: Path,
) -> None:
    journal = begun(tmp_path)
    now(journal.held(owned_target("web1")))
    journal.leave()
    (past,) = Journals(tmp_path, "shop").open_runs()
    assert [one.target.name for one in past.owned_targets] == ["web1"]
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 10_000


def test_a_run_that_was_killed_is_found(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    tells(journal, STARTED)
    now(journal.held(owned_target("web1")))
    killed(journal)
    past = Journals(tmp_path, "shop").find(ALICE.run)
    assert past is not None
    assert past.unfinished
    assert past.owned_targets[0].possible_states == {server("web1"): (AdminState.MAINT,)}


def test_the_last_run_is_the_last_that_was_about_servers_with_what_later_ones_did(
    tmp_path: Path,
) -> None:
    first = begun(tmp_path, "aa")
    tells(first, STARTED)
    now(first.held(owned_target("web1", asked=True)))
    later = begun(tmp_path, "bb")  # a recovery: it names no targets of its own
    now(later.held(owned_target("web1", asked=True)))
    now(later.released("web1", restarted=True))
    past = Journals(tmp_path, "shop").last()
    assert past is not None
    assert (past.run, past.left) == ("aa", ("web2",))
    assert Journals(tmp_path, "shop", but="aa").last() is None


def test_without_a_directory_there_is_no_past(tmp_path: Path) -> None:
    history = Journals(tmp_path / "nothing", "shop")
    assert history.open_runs() == ()
    assert history.last() is None
    assert history.find("aa") is None
    assert not (tmp_path / "nothing").exists()


def test_a_journal_that_did_not_come_to_its_first_line_is_nobodys_past(tmp_path: Path) -> None:
    killed(Journal.begin(tmp_path, "shop", "aa"))
    assert Journals(tmp_path, "shop").open_runs() == ()
    assert Journals(tmp_path, "shop").last() is None


def as_written_before(journal: Journal) -> None:
    """Give the lines of the run the form that they had before the fields were renamed."""
    text = journal.file.read_text()
    journal.file.write_text(text.replace(f'"v":{FORMAT}', '"v":1').replace('"owner"', '"holder"'))


def test_an_open_journal_of_another_version_is_refused_with_what_to_type(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    now(journal.held(owned_target("web1")))
    killed(journal)
    as_written_before(journal)
    with pytest.raises(RecordError, match="is open, and another version of rollout wrote it") as no:
        open_runs(tmp_path, "shop")
    assert "recover with that version" in no.value.fix
    subprocess.run(["sh", "-c", no.value.fix.rpartition(": ")[2]], check=True)
    assert open_runs(tmp_path, "shop") == ()


def test_a_closed_journal_of_another_version_is_passed_over(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    tells(journal, STARTED)
    accounts(journal)
    journal.leave()
    as_written_before(journal)
    assert open_runs(tmp_path, "shop") == ()
    assert last_run(tmp_path, "shop") is None


def test_what_we_hold_is_seen_on_the_disk_and_an_event_is_not_waited_for(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    killed(journal)
    reader, journal._descriptor = os.pipe()  # takes every byte, and can be no disk
    try:
        tells(journal, STARTED)
        with pytest.raises(RecordError):
            now(journal.held(owned_target("web1")))
        with pytest.raises(RecordError):
            now(journal.released("web1", restarted=True))
        with pytest.raises(RecordError):
            journal.put("began")
    finally:
        killed(journal)
        os.close(reader)


def test_what_a_journal_says_is_for_its_owner_alone(tmp_path: Path) -> None:
    journal = begun(tmp_path / "state")
    assert (tmp_path / "state").stat().st_mode & 0o077 == 0
    assert journal.file.stat().st_mode & 0o077 == 0


# ---- a small disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a disk of one megabyte."""
    place = tmp_path / "disk"
    place.mkdir()
    _mount("-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", place)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def _mount(*words: object) -> None:
    done = subprocess.run(["mount", *map(str, words)], check=False, capture_output=True)
    if done.returncode:
        pytest.skip(f"cannot mount here: {done.stderr.decode().strip()}")


def fill(disk: Path, *, but: int = 0) -> None:
    with (disk / "filler").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 1024)
    if but:
        os.truncate(disk / "filler", (disk / "filler").stat().st_size - but)


@needs_root
def test_on_a_full_disk_logs_give_way_and_what_we_hold_does_not(small_disk: Path) -> None:
    journal = begun(small_disk)
    tells(journal, STARTED)
    journal.has_room()
    now(journal.held(owned_target("web1")))
    fill(small_disk)
    for _ in range(200):
        tells(journal, DeployTakenBack(release="r", reason="x" * 1500))  # nothing raises
    now(journal.held(owned_target("web1", asked=True)))
    with pytest.raises(RecordError, match="full") as caught:
        journal.has_room()
    assert "resume" in caught.value.fix
    for _ in range(RESERVE // 1000):  # more than the reserve has room for
        tells(journal, DeployTakenBack(release="r", reason="x" * 1500))
    for _ in range(50):
        now(journal.held(owned_target("web1", asked=True)))
    past = past_of(journal)
    assert past.targets == ("web1", "web2")
    assert past.owned_targets == (owned_target("web1", asked=True),)
    now(journal.released("web1", restarted=True))
    assert past_of(journal).owned_targets == ()
    assert past_of(journal).done == ("web1",)


@needs_root
def test_on_a_full_disk_the_account_is_written_all_the_same(small_disk: Path) -> None:
    journal = begun(small_disk)
    tells(journal, STARTED)
    fill(small_disk)
    for _ in range(20):
        tells(journal, DeployTakenBack(release="r", reason="x" * 1500))
    code = accounts(journal)
    assert past_of(journal).exit_code == code
    journal.leave()
    assert Journals(small_disk, "shop").open_runs() == ()


@needs_root
def test_on_a_full_disk_the_account_follows_what_we_hold(small_disk: Path) -> None:
    journal = begun(small_disk)
    tells(journal, STARTED)
    now(journal.held(owned_target("web1")))
    fill(small_disk)
    now(journal.held(owned_target("web1", asked=True)))
    tells(journal, DeployTakenBack(release="r", reason="given way"))
    code = accounts(journal)
    journal.leave()
    (past,) = Journals(small_disk, "shop").open_runs()
    assert past.exit_code == code
    assert past.owned_targets == (owned_target("web1", asked=True),)


@needs_root
def test_an_account_that_finds_no_room_at_all_is_lost_without_an_error(small_disk: Path) -> None:
    """Another run has seen to this one (a broken lock): its reserve is gone, the disk is full."""
    journal = begun(small_disk)
    history = Journals(small_disk, "shop")
    history.settle(journal.run, "b0b000")
    fill(small_disk)
    ending = RunResult(run=journal.run, number=9, at=ALICE.since, summary=RunSummary(), seconds=1.0)
    for _ in range(20):  # whatever is left of the last page is full by then
        JsonLines(journal).end(ending)
    assert not journal.close(1.0)


@needs_root
@pytest.mark.parametrize("left", [0, 4096, 100 * 1024])
def test_no_run_begins_on_a_full_disk_and_the_attempt_leaves_no_less_room(
    small_disk: Path, left: int
) -> None:
    fill(small_disk, but=left)
    before = os.statvfs(small_disk).f_bavail
    with pytest.raises(RecordError) as caught:
        begun(small_disk)
    assert caught.value.fix
    assert os.statvfs(small_disk).f_bavail == before, "what was reserved is given back"
    assert Journals(small_disk, "shop").open_runs() == ()


@needs_root
def test_what_is_out_is_in_the_record_when_the_disk_is_full_beyond_the_reserve(
    small_disk: Path,
) -> None:
    journal = begun(small_disk)
    now(journal.held(owned_target("web1")))
    fill(small_disk)
    now(journal.held(owned_target("web1", asked=True)))
    (small_disk / "filler").rename(small_disk / "filler of before")
    fill(small_disk)  # somebody takes the reserve as well

    async def more_than_fits() -> None:
        for number in range(4 * RESERVE // 500):
            await journal.held(owned_target(f"app{number}"))

    with pytest.raises(RecordError):
        now(more_than_fits())
    assert past_of(journal).owned_targets[0] == owned_target("web1", asked=True)


@needs_root
def test_no_run_begins_where_nothing_can_be_written(small_disk: Path) -> None:
    begun(small_disk).leave()
    _mount("-o", "remount,ro", small_disk)
    with pytest.raises(RecordError) as caught:
        Journal.begin(small_disk, "shop", "bb")
    assert "XDG_STATE_HOME" in caught.value.fix
    assert "ead-only" in caught.value.what
    assert Journals(small_disk, "shop").open_runs() == (), "reading goes on"


@needs_root
def test_on_a_disk_that_turned_read_only_nothing_more_is_held(small_disk: Path) -> None:
    journal = begun(small_disk)
    now(journal.held(owned_target("web1")))
    os.close(journal._descriptor)  # or it could not be remounted
    _mount("-o", "remount,ro", small_disk)
    journal._descriptor = os.open(journal.file, os.O_RDONLY)
    with pytest.raises(RecordError):
        now(journal.held(owned_target("web2")))
    assert [one.target.name for one in past_of(journal).owned_targets] == ["web1"]


def test_no_run_begins_where_a_file_stands_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("somebody's")
    with pytest.raises(RecordError) as caught:
        Journal.begin(tmp_path / "state", "shop", "aa")
    assert caught.value.fix
    with pytest.raises(RecordError):
        Journal.begin(tmp_path / "state" / "rollout", "shop", "aa")
