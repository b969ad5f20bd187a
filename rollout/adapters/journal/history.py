"""The runs of an app, as the journals of this machine tell them."""

from collections.abc import Sequence
from pathlib import Path

from rollout.adapters.journal.files import JournalFile
from rollout.adapters.journal.reader import last_run, newest_run, open_runs
from rollout.adapters.journal.turn_times import usual_times
from rollout.adapters.journal.writer import settle
from rollout.adapters.local.process_identity import is_gone, is_of_an_earlier_boot
from rollout.model.lock_state import LockOwner, PastRun
from rollout.model.usual_times import UsualTimes


class Journals:
    """Satisfies :class:`rollout.ports.ownership.RunHistory`.

    Args:
        directory: Where the journals lie; it need not be there.
        app: Whose they are.
        but: The run that looks, which is no past one.
    """

    def __init__(self, directory: Path, app: str, but: str = "") -> None:
        self._directory = directory
        self._app = app
        self._but = but

    def open_runs(self) -> Sequence[PastRun]:
        return tuple(past for _, past in self._open())

    def find(self, run: str) -> PastRun | None:
        return next((past for past in self.open_runs() if past.run == run), None)

    def last(self) -> PastRun | None:
        found = last_run(self._directory, self._app, but=self._but)
        return None if found is None else found[1]

    def newest(self) -> PastRun | None:
        """Return the newest run of which there is a journal here, whatever became of it."""
        return newest_run(self._directory, self._app, but=self._but)

    def usual_times(self) -> UsualTimes:
        """Return how long the last turns of each target took, as far as that can be read here."""
        return usual_times(self._directory, self._app, but=self._but)

    def settle(self, run: str, by: str) -> None:
        for name, past in self._open():
            if past.run == run:
                settle(name, by)

    def is_gone(self, owner: LockOwner) -> bool:
        return is_gone(owner.process)

    def is_of_an_earlier_boot(self, owner: LockOwner) -> bool:
        return is_of_an_earlier_boot(owner.process)

    def _open(self) -> list[tuple[JournalFile, PastRun]]:
        runs = open_runs(self._directory, self._app)
        return [(name, past) for name, past in runs if past.run != self._but]
