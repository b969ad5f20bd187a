"""The log beside a journal: what was asked and answered, in a file that ends by itself."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rollout.adapters.journal import files
from rollout.adapters.journal.files import names_in
from rollout.adapters.journal.past_journals import PastJournals
from rollout.adapters.journal.run_log import RunLog
from rollout.adapters.journal.state_directory import StateDirectory, opened
from rollout.adapters.journal.writer import Journal


@pytest.fixture
def place(tmp_path: Path) -> Iterator[StateDirectory]:
    with opened(tmp_path) as found:
        yield found


def written(journal: Journal) -> None:
    asyncio.run(journal._pool.call(lambda: None))


def log_of(directory: Path, run: str) -> list[str]:
    journals = PastJournals([directory], "shop")
    (name,) = [one for one in journals.names() if one.run == run]
    lines = journals.log_lines(name)
    assert journals.unread == []
    return [line.partition(" ")[2] for line in lines]


def test_a_run_that_asks_nothing_has_no_log(tmp_path: Path) -> None:
    journal = Journal.begin(tmp_path, "shop", "aa")
    journal.leave()
    assert log_of(tmp_path, "aa") == []
    assert [file.suffix for file in tmp_path.iterdir()] == [".jsonl"]


def test_what_was_asked_is_read_back_and_only_its_account_may_read_it(tmp_path: Path) -> None:
    journal = Journal.begin(tmp_path, "shop", "aa")
    journal.trace("lb1", "drain for app/web1@lb1: answered in 0.01s")
    journal.trace("web1", "said \x1b[2J\nlb1 a forged line, https://joe:secret@host/")
    written(journal)
    journal.leave()
    assert log_of(tmp_path, "aa") == [
        "lb1 drain for app/web1@lb1: answered in 0.01s",
        "web1 said  lb1 a forged line, https://host/",
    ]
    (file,) = tmp_path.glob("*.log")
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_log_ends_at_its_size_and_says_so(place: StateDirectory) -> None:
    log = RunLog(place, "a.log", cap=1000)
    for number in range(100):
        log.write("lb1", f"line {number}")
    log.close()
    text = (place.path / "a.log").read_text()
    assert len(text) < 1100
    assert text.endswith(" rollout the log has reached its size: it ends here\n")
    assert text.count("it ends here") == 1


def test_a_disk_that_takes_no_log_ends_the_log_and_nothing_else(
    place: StateDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, calls = RunLog(place, "a.log"), []

    def full(*words: object) -> int:
        calls.append(words)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    log.write("lb1", "one")
    log.write("lb1", "two")
    log.close()
    assert len(calls) == 1


def test_a_log_goes_with_its_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "KEPT", 2)
    for run in ("aa", "bb", "cc", "dd"):
        journal = Journal.begin(tmp_path, "shop", run)
        journal.trace("lb1", run)
        written(journal)
        journal.leave()
    kept = [name.run for name in names_in(tmp_path, "shop")]
    assert kept == ["bb", "cc", "dd"]
    assert sorted(file.name.split(".")[-2] for file in tmp_path.glob("*.log")) == kept


def test_a_log_that_another_account_could_write_is_not_read(tmp_path: Path) -> None:
    journal = Journal.begin(tmp_path, "shop", "aa")
    journal.trace("lb1", "one")
    written(journal)
    journal.leave()
    (file,) = tmp_path.glob("*.log")
    file.chmod(0o666)
    journals = PastJournals([tmp_path], "shop")
    assert journals.log_lines(journals.names()[0]) == ()
    assert file.name in journals.unread[0]
