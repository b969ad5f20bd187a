"""One place in which the lock stands: this machine, or a host reached by ssh."""

import json
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rollout.adapters.lock.script import HELD, LOCK, LOST
from rollout.adapters.remote import Remote, Run, Said, Threads, sentence
from rollout.adapters.spelled import UNREADABLE, read_holder, read_holdings, spell_holding
from rollout.errors import LockError, LockHeld, LockLost, RemoteError
from rollout.holders import Held, Holder, Kind, Process
from rollout.holdings import Holding

HERE = "this machine"

SCRIPT_WITHIN = 10.0
"""Seconds for the script, its own wait for its turn (5 s) included."""

UNKNOWN = Holder(
    run="",
    kind=Kind.UNKNOWN,
    user="somebody",
    process=Process(host="?", machine="", boot="", namespace="", pid=0, started=0),
    since="?",
    command="what stands in the lock cannot be read here",
)


@dataclass(frozen=True, slots=True)
class Local:
    """How it went on this machine, in the words of ssh."""

    status: int | None
    out: str
    err: str


def run_locally(host: str, command: str, *, within: float, stdin: bytes | memoryview = b"") -> Said:
    """Run ``command`` on this machine as ssh would on another; blocks."""
    try:
        done = subprocess.run(  # noqa: S603 - our own script, its words quoted
            [shutil.which("sh") or "sh", "-c", command],
            input=bytes(stdin),
            capture_output=True,
            timeout=within,
            check=False,
            start_new_session=True,  # Ctrl-C on our terminal is ours to answer
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RemoteError(host, f"a script could not be run: {error}") from error
    texts = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
    return Local(done.returncode, *texts)


class Place:
    """A directory on one machine, with the lock of one app in it.

    Args:
        name: What people call the machine; ``this machine`` for the one that we run on.
        run: Runs a command there.
        in_thread: Where that may block.
        directory: Where the lock lies.
        app: Whose lock it is.
        within: Seconds for the way there.
    """

    def __init__(
        self, name: str, run: Run, in_thread: Threads, directory: str, app: str, *, within: float
    ) -> None:
        self.name = name
        self._remote = Remote(run, in_thread)
        self._words = (directory, app)
        self._within = within + SCRIPT_WITHIN

    async def look(self) -> Held | None:
        """Read who holds it; None when nobody does."""
        return self._read(await self._ask("look"))

    async def take(self, run: str, holder: str) -> None:
        """Take it; raises LockHeld when somebody has it."""
        said = await self._ask("take", run, stdin=holder)
        self._not_held(said)

    async def replace(self, old: str, run: str, holder: str) -> bool:
        """Put us in the place of any of ``old``; false where nobody holds it, else LockHeld."""
        said = await self._ask("replace", run, old, stdin=holder)
        if said.status == HELD and self._read(said) is None:
            return False
        self._not_held(said)
        return True

    async def keep(self, run: str, holdings: Sequence[Holding] | None, *, number: int = 0) -> None:
        """See that it is ours, beat, and write ``holdings`` if given; else LockLost.

        ``number`` counts what was written: of two places the higher one has the news.
        """
        if holdings is None:
            said = await self._ask("keep", run)
        else:
            wrote = {"number": number, "held": [spell_holding(one) for one in holdings]}
            rows = json.dumps(wrote, separators=(",", ":"))
            said = await self._ask("write", run, stdin=f"{rows}\n")
        self._not_lost(said)

    async def settled(self) -> dict[str, str]:
        """Read which runs were taken over by which; the last of them."""
        rows = (line.split() for line in (await self._ask("settled")).out.splitlines())
        return {row[0]: row[1] for row in rows if len(row) == 2}  # noqa: PLR2004 - run and run

    async def end(self, run: str, how: str) -> None:
        """Leave it behind for whoever brings back what it lists."""
        self._not_lost(await self._ask("end", run, stdin=f"{how}\n"))

    async def release(self, run: str) -> None:
        """Give it back; LockLost when it was not ours."""
        self._not_lost(await self._ask("release", run))

    def _not_held(self, said: Said) -> None:
        if said.status == HELD:
            held = self._read(said)
            raise LockHeld(self.name, str(held.holder if held else UNKNOWN))

    def _not_lost(self, said: Said) -> None:
        if said.status == LOST:
            held = self._read(said)
            raise LockLost(self.name, str(held.holder) if held else "")

    async def _ask(self, verb: str, *words: str, stdin: str = "") -> Said:
        try:
            said = await self._remote.ask(
                self.name,
                LOCK,
                *self._words,
                verb,
                *words,
                within=self._within,
                stdin=stdin.encode("utf-8", "replace"),
            )
        except RemoteError as error:
            raise LockError(self.name, error.what, error.cure) from error
        if said.status not in {0, HELD, LOST}:
            what, cure = sentence(said)
            cure = (
                cure or "lock.directory says where it lies; the login must be able to write there"
            )
            raise LockError(self.name, f"the lock: {what}", cure)
        return said

    def _read(self, said: Said) -> Held | None:
        rows = dict(line.split("\t", 1) for line in said.out.splitlines() if "\t" in line)
        if not rows:
            return None
        try:
            holder = read_holder(json.loads(rows["holder"]))
        except UNREADABLE:
            holder = UNKNOWN
        number, holdings, blind = 0, tuple[Holding, ...](), False
        try:
            owned = json.loads(rows.get("owned", "{}"))
            number, holdings = int(owned.get("number", 0)), read_holdings(owned.get("held", []))
        except UNREADABLE:
            blind = True
        return Held(
            place=self.name,
            holder=replace(holder, run=rows.get("run", holder.run)),
            before=tuple(rows.get("before", "").split()),
            holdings=holdings,
            number=number,
            blind=blind,
            beats=_number(rows.get("beats", "")),
            quiet=float(_number(rows.get("quiet", ""))),
            ended=rows.get("ended", ""),
        )


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        return 0


def utc_now() -> str:
    """Spell the wall clock for a lock that people read; nothing is decided by it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
