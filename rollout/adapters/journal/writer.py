"""Writes the journal of one run: events as they come, and what we hold before it is true.

What we hold is on the disk (fsync) before the act.  Everything else is appended and left to the
system: it survives us, and what a power cut takes of it is not needed to bring a server back.
"""

import asyncio
import errno
import json
import os
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from rollout.adapters.journal.files import FORMAT, JournalFile, next_name
from rollout.adapters.journal.run_log import RunLog
from rollout.adapters.journal.serialization import spell_holding
from rollout.adapters.journal.state_directory import StateDirectory, opened, refusal
from rollout.adapters.local.thread_pool import Pool
from rollout.model.errors import RecordError
from rollout.model.ownership import OwnedTarget
from rollout.trusted_paths import UntrustedPath

RESERVE = 256 * 1024
"""Bytes kept free for what we hold, when everything else has filled the disk."""

WITHIN = 10.0
"""Seconds for the disk; one that hangs is a disk on which nothing can be written."""

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class Journal:
    """One append-only file of JSON lines; ``record.*`` are ours, all others the run's events.

    Nothing is taken out any more once the disk was full: the reserve is for those who are out.
    """

    def __init__(self, place: StateDirectory, name: JournalFile, descriptor: int) -> None:
        self.file = name.journal
        self.run = name.run
        self._place = place
        self._mark = name.mark.name
        self._descriptor = descriptor
        self._pool = Pool(1)
        self._lock = threading.Lock()
        self._torn = False
        self._full = False
        self._lost = ""
        self._holds: set[str] = set()
        self._run_log = RunLog(place, name.log.name)

    @classmethod
    def begin(cls, directory: Path, app: str, run: str) -> "Journal":
        """Begin the journal of a run.

        Raises:
            RecordError: the directory is not trusted, cannot be written, or has no room.
        """
        place = open_to_write(directory)
        try:
            return cls(place, *_begin(place, app, run))
        except OSError as error:
            place.close()
            raise cannot_write(directory, error) from error

    def has_room(self) -> None:
        """See that one more target may be taken out.

        Raises:
            RecordError: the disk was full.
        """
        if self._full:
            what = f"the disk of {self.file.parent} is full: nothing more is taken out"
            raise RecordError(what, "make room there, then `rollout resume`")

    def put(self, event: str, **said: object) -> None:
        """Write a line of ours, and see it on the disk; blocks, so only before a scenario begins.

        Raises:
            RecordError: it is not.
        """
        try:
            self._durably(self._line(event, said))
        except OSError as error:
            raise cannot_write(self.file, error) from error

    async def note(self, event: str, **said: object) -> None:
        """Write a line of ours, and see it on the disk.

        Raises:
            RecordError: it is not.
        """
        line = self._line(event, said)
        try:
            async with asyncio.timeout(WITHIN):
                await self._pool.call(self._durably, line)
        except OSError as error:
            if not isinstance(error, TimeoutError):
                raise cannot_write(self.file, error) from error
            raise RecordError(f"{self.file} could not be written within {WITHIN:g}s") from error

    async def held(self, owned_target: OwnedTarget) -> None:
        """Write down what we hold of one target; the last such line counts."""
        self._holds.add(owned_target.target.name)
        await self.note("held", owned_target=spell_holding(owned_target))

    async def released(self, target: str, *, restarted: bool, renewed: Sequence[str] = ()) -> None:
        """Write down that it is ours no more; raises as :meth:`note`."""
        await self.note("released", target=target, restarted=restarted, renewed=list(renewed))
        self._holds.discard(target)

    async def inherited_all(self) -> None:
        """Write down that this journal has all that was taken over; raises as :meth:`note`."""
        await self.note("answers")

    def write(self, text: str) -> None:
        """Append the line of an event, if there is room: logs give way before the record does.

        In a thread, for a disk may hang; in turn, so it stands before whatever we hold later.
        Satisfies, with :meth:`close`, the stream of a renderer.
        """
        self._pool.send(lambda: self._log(text))

    def trace(self, where: str, what: str) -> None:
        """Write into the log beside the journal what was asked or answered; never waits, raises."""
        if not self._full:
            self._pool.send(lambda: self._run_log.write(where, what))

    def _log(self, text: str) -> None:
        with self._lock:
            self._lost = text
            self._lost = "" if not self._full and self._append(text) else text

    def close(self, timeout: float) -> bool:
        """Write the summary, which comes last, even if it takes the reserve."""
        done = threading.Event()
        self._pool.send(lambda: self._last_words(done))
        return done.wait(timeout) and not self._lost

    def _last_words(self, done: threading.Event) -> None:
        with self._lock, suppress(OSError):
            if self._lost:
                self._spend()
                self._lost = "" if self._append(self._lost) else self._lost
        done.set()

    def leave(self) -> None:
        """Let go of the file; one that says what we still hold stays open for others to find."""
        self._pool.close()
        with suppress(OSError):  # an open mark is looked into and found to mean nothing
            if self._holds:
                self._place.empty(self._mark)
            else:
                self._place.remove(self._mark)
        os.close(self._descriptor)
        self._run_log.close()
        self._place.close()

    def _line(self, event: str, said: Mapping[str, object]) -> str:
        return _spelled({"v": FORMAT, "run": self.run, "event": f"record.{event}", **said})

    def _durably(self, line: str) -> None:
        with self._lock:
            if not self._append(line):
                self._spend()
                if not self._append(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(self._descriptor)

    def _append(self, text: str) -> bool:
        """Write whole lines; false where there is no room.  A torn line is ended before the next.

        Raises:
            OSError: any other trouble.
        """
        left = memoryview((f"\n{text}" if self._torn else text).encode("utf-8", "replace"))
        whole = len(left)
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError as error:
            self._torn = self._torn or len(left) < whole
            if error.errno in FULL:
                return False
            raise
        self._torn = False
        return True

    def _spend(self) -> None:
        self._full = True
        self._place.empty(self._mark)


def settle(name: JournalFile, by: str) -> None:
    """Write into the journal of another run that what it left has been seen to, and close it.

    Raises:
        RecordError: it cannot be written.
    """
    line = _spelled({"v": FORMAT, "run": name.run, "event": "record.settled", "by": by})
    try:
        with opened(name.directory) as place:
            journal = place.open(name.journal.name, os.O_WRONLY | os.O_APPEND)
            with os.fdopen(journal, "ab") as file:
                file.write(f"\n{line}".encode())  # its last line may be torn
                file.flush()
                os.fsync(file.fileno())
            place.remove(name.mark.name)
    except OSError as error:
        raise cannot_write(name.journal, error) from error


def _begin(place: StateDirectory, app: str, run: str) -> tuple[JournalFile, int]:
    """Create the mark, which is the reserve, and the journal; half a reserve is given back."""
    name = next_name(place, app, run)
    try:
        with os.fdopen(place.create(name.mark.name), "wb") as file:
            file.write(b"\0" * RESERVE)
            file.flush()
            os.fsync(file.fileno())
        descriptor = place.create(name.journal.name)
        place.sync()
    except OSError:
        with suppress(OSError):
            place.remove(name.mark.name)
        raise
    return name, descriptor


def _spelled(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=True, separators=(",", ":")) + "\n"


def open_to_write(directory: Path) -> StateDirectory:
    """Open the state directory, made if it is not there.

    Raises:
        RecordError: it is not trusted, or cannot be opened.
    """
    try:
        return StateDirectory(directory, make=True)
    except UntrustedPath as error:
        raise refusal(error) from error
    except OSError as error:
        raise cannot_write(directory, error) from error


def cannot_write(place: Path, error: OSError) -> RecordError:
    """Say that a journal cannot be written at ``place``."""
    what = f"the journal cannot be written: {place}: {error.strerror or error}"
    return RecordError(what, "say where it can with XDG_STATE_HOME, or make room there")
