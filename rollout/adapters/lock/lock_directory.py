"""One place in which the lock stands: this machine, or a host reached by ssh."""

import json
import posixpath
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rollout.adapters.journal.serialization import spell_holding
from rollout.adapters.local.container import in_container, is_private, volume
from rollout.adapters.lock.reader import RUN, read_lock, read_settled
from rollout.adapters.lock.script import HELD, LOCK, LOST, STILL_OUT, UNSAFE
from rollout.adapters.ssh.scripts import Remote, sentence
from rollout.model.errors import LockError, LockHeld, LockLost, RemoteError
from rollout.model.fleet import Finding
from rollout.model.lock_state import LockState
from rollout.model.ownership import OwnedTarget
from rollout.ports.commands import CommandResult, InThread, RunCommandWithInput

HERE = "this machine"

STATE = "/var/lib/rollout"
"""Where the journals of a team lie on a bastion; the default directory of the lock is below it."""

SCRIPT_WITHIN = 10.0
"""Seconds for the script, its own wait for its turn (5 s) included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockLocation:
    """Where the lock of an app lies, on each machine.

    Attributes:
        path: An absolute path.
        app: Whose lock it is.
        group: The group whose members may write there; empty where only one login may.
        or_own: Where it was not made, a directory of the login's own serves.
        ssh: ``ssh`` as it is typed to get to a machine, options included.
        beside: The admin sockets on this machine, whose filesystem serves in a container.
    """

    path: str
    app: str
    group: str = ""
    or_own: bool = False
    ssh: str = "ssh"
    beside: tuple[Path, ...] = ()

    @property
    def is_in_state(self) -> bool:
        """It lies in the directory of the team's journals, so one line makes both."""
        return posixpath.normpath(self.path).startswith(f"{STATE}/")


class LockDirectory:
    """A directory on one machine, with the lock of one app in it.

    Args:
        name: What people call the machine; ``this machine`` for the one that we run on.
        run: Runs a command there.
        in_thread: Where that may block.
        directory: Where the lock lies.
        timeout: Seconds for the way there.
    """

    def __init__(
        self,
        name: str,
        run: RunCommandWithInput,
        in_thread: InThread,
        directory: LockLocation,
        *,
        timeout: float,
    ) -> None:
        self.name = name
        self._remote = Remote(run, in_thread)
        path = posixpath.normpath(directory.path)
        own = "own" if directory.or_own else ""
        self._words = (path, directory.app, directory.group, own)
        self._directory = directory
        self._timeout = timeout + SCRIPT_WITHIN
        self._is_seen = name != HERE

    async def look(self) -> LockState | None:
        """Read whose it is; None where there is no lock."""
        return self._read(await self._ask("look"))

    async def take(self, run: str, owner: str) -> None:
        """Take it; raises LockHeld when another run has it."""
        said = await self._ask("take", run, stdin=owner)
        self._not_held(said)

    async def replace(self, old: str, run: str, owner: str) -> bool:
        """Put us in the place of any of ``old``; false where there is no lock, else LockHeld."""
        said = await self._ask("replace", run, old, stdin=owner)
        if said.status == HELD and self._read(said) is None:
            return False
        self._not_held(said)
        return True

    async def seize(self, number: str, run: str, owner: str) -> None:
        """Put us in the place of what stands there under ``number``, whatever it is.

        It is kept beside the new lock, as ``broken.RUN``.

        Raises:
            LockHeld: something else stands there by now.
        """
        self._not_held(await self._ask("seize", run, number, stdin=owner))

    async def keep(
        self, run: str, owned_targets: Sequence[OwnedTarget] | None, *, number: int = 0
    ) -> None:
        """See that it is ours, beat, and write ``owned_targets`` if given; else LockLost.

        ``number`` counts what was written: of two places the higher one has the news.
        """
        if owned_targets is None:
            said = await self._ask("keep", run)
        else:
            wrote = {"number": number, "held": [spell_holding(one) for one in owned_targets]}
            rows = json.dumps(wrote, separators=(",", ":"))
            said = await self._ask("write", run, stdin=f"{rows}\n")
        self._not_lost(said)

    async def settled(self) -> dict[str, str]:
        """Read which runs were taken over by which; the last of them."""
        return read_settled((await self._ask("settled")).out)

    async def leave_behind(self, run: str, how: str) -> None:
        """Leave it behind for the run that brings back what it lists."""
        self._not_lost(await self._ask("end", run, stdin=f"{how}\n"))

    async def release(self, run: str) -> None:
        """Give it back.

        Raises:
            LockLost: it was not ours.
            LockError: it still lists servers that are out: it is left, for it is their record.
        """
        said = await self._ask("release", run)
        self._not_lost(said)
        if said.status == STILL_OUT:
            held = self._read(said)
            names = ", ".join(one.target.name for one in held.owned_targets) if held else ""
            raise LockError(self.name, f"the lock was not released: it still lists {names}")

    async def asked(self, run: str) -> str:
        """Read what was asked of ``run``, as rows; LockLost if another run has the lock.

        Where nothing was asked that is all that is looked at: 2 ms of a processor in place of 17.
        """
        said = await self._ask("asked", run)
        self._not_lost(said)
        return said.out

    async def answers(self, run: str, request: str) -> str:
        """Read the last answers, as rows; LockLost if ``run`` is over and did not give this one."""
        said = await self._ask("answers", run)
        if request not in said.out:
            self._not_lost(said)
        return said.out

    async def ask(self, run: str, request: str) -> None:
        """Leave a request for ``run``, in one line; LockLost if it has ended, or has no lock."""
        self._not_lost(await self._ask("ask", run, stdin=f"{request}\n"))

    async def answer(self, run: str, answer: str) -> None:
        """Leave what ``run``, which is ours, answers, in one line."""
        self._not_lost(await self._ask("answer", run, stdin=f"{answer}\n"))

    async def show_pause(self, run: str, by: str) -> None:
        """Write down which person has paused ``run``, which is ours."""
        self._not_lost(await self._ask("pause", run, stdin=f"{' '.join(by.split())}\n"))

    async def acts(self) -> tuple[str, ...]:
        """Read the last acts of people on the lock, as :meth:`note` wrote them."""
        return tuple((await self._ask("acts")).out.splitlines())

    async def note(self, act: str) -> None:
        """Write down what a person did to the lock, in one line."""
        await self._ask("act", stdin=f"{' '.join(act.split())}\n")

    async def examine(self) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
        """Try the directory; return what keeps a lock from lying there, and what it costs."""
        try:
            said = await self._ask("try")
        except LockError as error:
            return (Finding(error.place, error.what, error.fix),), ()
        own = _rows(said).get("own")
        if not own:
            return (), ()
        path, _, user = own.partition("\t")
        what = (
            f"the lock lies in {path}, for the login {user} alone: a run of another login does not "
            f"see it.  `rollout setup` prints how {self._words[0]} is made for a team"
        )
        return (), (Finding(self.name, what, ""),)

    def _not_held(self, said: CommandResult) -> None:
        if said.status == HELD:
            held = self._read(said)
            raise LockHeld(self.name, str(held.owner) if held else "another run")

    def _not_lost(self, said: CommandResult) -> None:
        if said.status == LOST:
            held = self._read(said)
            raise LockLost(self.name, str(held.owner) if held else "")

    async def _ask(
        self, verb: str, run: str = "", word: str = "", *, stdin: str = ""
    ) -> CommandResult:
        if run and not RUN.fullmatch(run):
            raise LockError(self.name, f"the lock: {run!r} is no run id")
        if not self._is_seen and in_container():
            self._refuse_private(await self._script("look"))
        self._is_seen = True
        return await self._script(verb, run, word, stdin=stdin)

    def _refuse_private(self, looked: CommandResult) -> None:
        """Refuse a directory that ends with this container: no run outside of it sees the lock."""
        own, _, _ = _rows(looked).get("own", "").partition("\t")
        directory = Path(own or self._words[0])
        if not is_private(directory, self._directory.beside):
            return
        what = (
            f"the lock: {directory} ends with this container, and HAProxy runs outside of it: no "
            "run on the machine or in another container sees the lock there"
        )
        team = volume(Path(STATE) if self._directory.is_in_state else Path(self._words[0]))
        fix = f"start the container with `{team}`"
        if own:
            alone = volume(directory.parent)
            fix += f"; where the machine has no such directory with `{alone}`, for one login alone"
        raise LockError(self.name, what, fix)

    async def _script(
        self, verb: str, run: str = "", word: str = "", *, stdin: str = ""
    ) -> CommandResult:
        try:
            said = await self._remote.ask(
                self.name,
                LOCK.text,
                *self._words,
                verb,
                run,
                word,
                timeout=self._timeout,
                stdin=stdin.encode("utf-8", "replace"),
            )
        except RemoteError as error:
            raise LockError(self.name, error.what, error.fix) from error
        if said.status == UNSAFE:
            raise self._unsafe(said)
        if said.status not in {0, HELD, LOST, STILL_OUT}:
            what, fix = sentence(said)
            fix = fix or "lock.directory says where it lies; the login must be able to write there"
            raise LockError(self.name, f"the lock: {what}", fix)
        return said

    def _unsafe(self, said: CommandResult) -> LockError:
        """Name the culprit, or the right that the login lacks; nothing was read or written."""
        rows, setup = _rows(said), "`rollout setup` prints how it is made for a team"
        if "denied" in rows:
            path, _, user = rows["denied"].partition("\t")
            what = f"the lock: {user} may not enter {path}"
            return LockError(self.name, what, f"{self._shown(path)} says which group may; {setup}")
        path, _, why = rows.get("unsafe", "\t").partition("\t")
        fix = f"{self._shown(path)} shows it; {setup}"
        return LockError(self.name, f"the lock: {path}: {why}, not believed", fix)

    def _shown(self, path: str) -> str:
        typed = shlex.join(["ls", "-ld", path])
        if self.name != HERE:
            typed = f"{self._directory.ssh} {shlex.quote(self.name)} {shlex.quote(typed)}"
        return f"`{typed}`"

    def _read(self, said: CommandResult) -> LockState | None:
        return read_lock(self.name, said.out)


def _rows(said: CommandResult) -> Mapping[str, str]:
    return dict(line.split("\t", 1) for line in said.out.splitlines() if "\t" in line)
