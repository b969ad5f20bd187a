"""Past runs for the commands that show them: found by a beginning of their id, and read."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rollout.adapters.journal.files import JournalFile
from rollout.adapters.journal.past_journals import PastJournals
from rollout.cli.console import print_error
from rollout.history.fold import OVERVIEW, fold_overview, fold_run
from rollout.history.later import later_runs, unfinished_targets
from rollout.history.record import RunOverview, RunRecord
from rollout.history.view import RunView
from rollout.model.errors import SettingsError
from rollout.paths import journal_directories
from rollout.settings.defaults import other_than_default
from rollout.settings.model import Settings
from rollout.summary.run import Exit
from rollout.text.suggest import did_you_mean

LAST = "last"
"""Stands for the newest run that began: one that was refused or found the lock held did nothing."""

BEGAN_NOTHING = frozenset({Exit.REFUSED.value, Exit.BUSY.value})


class PastRuns:
    """The past runs of the app of the settings."""

    def __init__(self, settings: Settings) -> None:
        self._journals = PastJournals(journal_directories(os.environ), settings.app)
        self._app = settings.app
        self.names = self._journals.names()

    def overviews(self) -> Iterator[RunOverview]:
        """Read one run after another, the newest first."""
        for name in self.names:
            overview = fold_overview(name.run, self._journals.lines(name, OVERVIEW))
            if overview is None and (record := self.read(name)) is not None:
                overview = replace(record.overview, is_alive=self._is_alive(name, record))
            if overview is not None:
                yield overview

    def read(self, name: JournalFile, *, traffic: bool = False) -> RunRecord | None:
        """Read one run; None where nothing can be read of it."""
        journals = self._journals
        lines = journals.lines(name) if traffic else journals.lines_without_traffic(name)
        return fold_run(name.run, lines)

    def view(self, said: str, *, traffic: bool = False) -> RunView:
        """Read the run whose id begins with ``said``, and what later runs made of what it left.

        Raises:
            SettingsError: there is no such run, there are several, or nothing can be read of it.
        """
        name = self.find(said)
        record = self.read(name, traffic=traffic)
        if record is None:
            self.tell_unread()
            raise SettingsError([f"run {name.run} cannot be read: {name.journal}"])
        if record.summary.impact is None and not traffic:  # it died: the last reading is all
            record = self.read(name, traffic=True) or record
        later = self.names[: self.names.index(name)]
        waiting = unfinished_targets(record)
        after = (
            found
            for one in reversed(later if waiting else ())
            if self._journals.names_any(one, waiting) and (found := self.read(one)) is not None
        )
        return RunView(
            record=record,
            later=later_runs(record, after),
            settings=other_than_default(record.settings),
            is_alive=self._is_alive(name, record),
        )

    def views_about(self, host: str) -> Iterator[RunView]:
        """Read one run after another that tells of a host, the newest first."""
        newer: list[RunRecord] = []
        for name in self.names:
            record = self.read(name) if self._journals.names_any(name, [host]) else None
            if record is not None:
                later = later_runs(record, reversed(newer))
                yield RunView(record=record, later=later, is_alive=self._is_alive(name, record))
                newer.append(record)

    def find(self, said: str) -> JournalFile:
        """Find the journal of a run by the beginning of its id, or by :data:`LAST`.

        Raises:
            SettingsError: there is none, or there are several.
        """
        if not self.names:
            self.tell_unread()
            raise SettingsError([f"no run of {self._app} is written down here"])
        found = [name for name in self.names if name.run.startswith(said.lower())]
        if said == LAST:
            found = [self._newest()]
        if not found:
            near = did_you_mean(said, [name.run for name in self.names], most=3)
            raise SettingsError([f"no run {said!r}{near}; `rollout history` lists them"])
        if len(found) > 1:
            raise SettingsError(
                [f"several runs begin with {said!r}: {_some([name.run for name in found])}"]
            )
        return found[0]

    def _newest(self) -> JournalFile:
        """Return the newest run that began; the newest of all where none did."""
        for name in self.names:
            overview = fold_overview(name.run, self._journals.lines(name, OVERVIEW))
            if overview is None or overview.exit_code not in BEGAN_NOTHING:
                return name
        return self.names[0]

    def log(self, run: str) -> Sequence[str]:
        """Return what a run asked and was answered; nothing where that was not kept."""
        name = next(name for name in self.names if name.run == run)
        return self._journals.log_lines(name)

    def tell_unread(self) -> None:
        """Tell the person which journals could not be read."""
        for what in self._journals.unread:
            print_error(what)
        if others := sorted(self._journals.of_other_versions):
            print_error(f"journals of another version of rollout, not shown: {_some(others)}")

    def _is_alive(self, name: JournalFile, record: RunRecord) -> bool:
        return record.end is None and self._journals.is_alive(name)


def _some(things: Sequence[object]) -> str:
    most = 5
    more = f" and {len(things) - most} more" if len(things) > most else ""
    return ", ".join(map(str, things[:most])) + more
