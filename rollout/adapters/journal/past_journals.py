"""All journals of an app that can be read here, the newest first, and their lines.

What lies in a state directory may be torn, huge, of another version, or not be there any more: such
a journal, or such a line, is passed over, and a journal that is not read is named.
"""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any, NoReturn

from rollout.adapters.journal.files import FORMAT, JournalFile, names_in
from rollout.adapters.journal.run_log import LOG_CAP
from rollout.adapters.journal.serialization import UNREADABLE, read_holder
from rollout.adapters.journal.state_directory import cannot_read, opened
from rollout.adapters.local.process_identity import is_gone
from rollout.model.errors import RecordError

LONGEST_LINE = 16 << 20
"""Bytes of a line; the summary of 5,000 hosts has 5 MB."""

LARGEST = 256 << 20
"""Bytes of a journal; a day of readings of four load balancers has 200 MB."""

LARGEST_LOG = 2 * LOG_CAP
"""Bytes of a log that are read; one that rollout wrote ends at its cap."""

TRAFFIC = re.compile(rb'"event":"traffic\.seen"')
"""Stands in most lines; inside of a text its quotation marks would have backslashes."""

Line = Mapping[str, Any]


class PastJournals:
    """The journals of an app.

    Attributes:
        unread: Why journals could not be read, as far as that was tried.
        of_other_versions: Journals that another version of rollout wrote, in another form.
    """

    def __init__(self, directories: Sequence[Path], app: str) -> None:
        self.unread: list[str] = []
        self.of_other_versions: set[Path] = set()
        self._directories = directories
        self._app = app

    def names(self) -> tuple[JournalFile, ...]:
        """List the journals, the newest first.

        In one directory their numbers decide; of two directories, when the runs began.
        """
        found = [names for place in self._directories if (names := self._names_in(place))]
        if len(found) < 2:  # noqa: PLR2004 - one is in order
            return tuple(reversed(found[0])) if found else ()
        return tuple(_newest_first([[(self._began(name), name) for name in x] for x in found]))

    def lines(self, name: JournalFile, events: Iterable[str] = ()) -> Iterator[Line]:
        """Yield the lines of a journal.

        Args:
            name: The journal.
            events: The wire names of those that are wanted; none for all of them.
        """
        pattern = b"|".join(re.escape(one.encode()) for one in events)
        wanted = re.compile(rb'"event":"(?:%s)"' % pattern) if pattern else None
        return self._lines(name, lambda row: wanted is None or wanted.search(row) is not None)

    def lines_without_traffic(self, name: JournalFile) -> Iterator[Line]:
        """Yield the lines of a journal that tell what was done, without those of the traffic."""
        return self._lines(name, lambda row: TRAFFIC.search(row) is None)

    def names_any(self, name: JournalFile, hosts: Iterable[str]) -> bool:
        """Tell whether a journal may tell something of hosts: a quick look, before a whole one."""
        spelled = (json.dumps(host).encode()[:-1] for host in hosts)
        named = re.compile(b"|".join(map(re.escape, spelled)))  # also an instance: web1/app_1
        rows = self._lines(name, lambda row: named.search(row) is not None)
        return any(True for _ in rows)

    def log_lines(self, name: JournalFile) -> Sequence[str]:
        """Return the log of a run, what was asked and answered; nothing where there is none."""
        try:
            with (
                opened(name.directory) as place,
                os.fdopen(place.open(name.log.name), "rb") as file,
            ):
                return file.read(LARGEST_LOG).decode("utf-8", "replace").splitlines()
        except FileNotFoundError:
            return ()
        except (OSError, RecordError) as error:
            self._pass_over(name.log, error)
            return ()

    def is_alive(self, name: JournalFile) -> bool:
        """Tell whether the process that writes a journal is not known to be gone."""
        if not name.marked:
            return False
        for line in self.lines(name, ("record.began",)):
            try:
                return not is_gone(read_holder(line["owner"]).process)
            except UNREADABLE:
                return False
        return False

    def _names_in(self, directory: Path) -> tuple[JournalFile, ...]:
        try:
            return names_in(directory, self._app)
        except (OSError, RecordError) as error:
            self._pass_over(directory, error)
            return ()

    def _began(self, name: JournalFile) -> str:
        line = next(self.lines(name, ("record.began",)), {})
        return str(line.get("at", ""))

    def _lines(self, name: JournalFile, wanted: Callable[[bytes], bool]) -> Iterator[Line]:
        try:
            with (
                opened(name.directory) as place,
                os.fdopen(place.open(name.journal.name), "rb") as file,
            ):
                yield from self._of_this_format(name, _parsed(file, wanted))
        except (OSError, RecordError) as error:
            self._pass_over(name.journal, error)

    def _of_this_format(self, name: JournalFile, lines: Iterable[Line]) -> Iterator[Line]:
        for line in lines:
            if line["event"] == "record.began" and line.get("v") != FORMAT:
                self.of_other_versions.add(name.journal)
                return
            yield line

    def _pass_over(self, place: Path, error: OSError | RecordError) -> None:
        self._note(str(cannot_read(place, error) if isinstance(error, OSError) else error))

    def _note(self, what: str) -> None:
        if what not in self.unread:
            self.unread.append(what)


def _newest_first(found: list[list[tuple[str, JournalFile]]]) -> Iterator[JournalFile]:
    """Merge lists of journals, each the oldest first, by when their runs began."""
    while left := [names for names in found if names]:
        newest = max(left, key=lambda names: names[-1][0])
        yield newest.pop()[1]


def _parsed(file: IO[bytes], wanted: Callable[[bytes], bool]) -> Iterator[Line]:
    """Give every whole line that is ``wanted``; one that is torn or too long tells nothing."""
    left = LARGEST
    for row in iter(partial(file.readline, LONGEST_LINE), b""):
        left -= len(row)
        if left < 0:
            return
        if not wanted(row):
            continue
        try:
            said = json.loads(row, parse_constant=_refuse)
        except (ValueError, RecursionError):
            continue
        if isinstance(said, dict) and isinstance(said.get("event"), str):
            yield said


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")
