"""This machine: git on a mirror of its own, and the operator's build steps before a push."""

import hashlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from rollout.adapters.local.shell import run_here, text_of
from rollout.adapters.releases.layout import release_environ
from rollout.adapters.sources import scripts
from rollout.adapters.sources.checkout_differences import notes_of
from rollout.adapters.sources.commits_between import NO_LIVE, is_revision, parse_commits
from rollout.adapters.sources.git import check_repo, git_trouble
from rollout.adapters.sources.repository_login import split_login
from rollout.adapters.sources.resolve_ref import as_commit, check_ref, judge
from rollout.adapters.sources.tool_messages import telling_line
from rollout.adapters.ssh.scripts import last_lines
from rollout.adapters.ssh.shell_files import Script
from rollout.model.errors import BuildFailed, SourceError
from rollout.model.planned_run import Commits
from rollout.model.releases import BASTION, BuildStep, Release
from rollout.text.durations import spell_duration
from rollout.text.redact import redact


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program on this machine ended; ``status`` is 124 when its time was up."""

    status: int
    out: str
    err: str
    truncated: bool = False


async def ask(words: Sequence[str], timeout: float, environ: Mapping[str, str]) -> Ended:
    """Run a program here and return what it said.

    Raises:
        SourceError: it cannot be run.
    """
    try:
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            code = await run_here(words, timeout, environ, output=out, errors=err)
            return Ended(scripts.LATE if code is None else code, text_of(out), text_of(err))
    except OSError as error:
        raise SourceError(f"{BASTION}: {words[0]} cannot be run: {error.strerror}") from error


class Mirror:
    """A mirror clone on this machine; the same scripts work on it as on a host."""

    def __init__(self, repo: str, cache: Path, timeout: float, environ: Mapping[str, str]) -> None:
        place = Path(repo).expanduser()
        local = repo and "://" not in repo and place.exists()
        self._repo = check_repo(str(place.resolve()) if local else repo)
        self._login = split_login(self._repo)
        address = self._login.address.encode(errors="surrogateescape")
        digits = hashlib.sha256(address).hexdigest()[:16]
        self.place = cache / "mirrors" / digits
        self._timeout = timeout
        self._environ = environ

    async def resolve(self, ref: str) -> str:
        """Fetch, and say which commit ``ref`` means."""
        words = (self._login.address, "0", check_ref(ref), as_commit(ref))
        said = await self._run(scripts.RESOLVE, *words)
        return judge(ref, redact(self._repo), said.splitlines())

    async def commits(self, live: str, revision: str) -> Commits:
        """List the commits between two revisions that were fetched."""
        if not is_revision(live):
            return Commits(unknown=NO_LIVE)
        said = await self._run(scripts.COMMITS, live, revision)
        return parse_commits(revision, said.splitlines())

    async def notes_of(self, commit: str) -> tuple[str, ...]:
        """Say what of ``commit`` a release would not have as a checkout has it.

        Raises:
            SourceError: a part of the code would be missing.
        """
        held = await self._run(scripts.CONTENTS, commit)
        return notes_of(commit, held.splitlines())

    async def export(self, commit: str, directory: Path) -> None:
        """Unpack ``commit`` into ``directory``."""
        await self._run(scripts.EXPORT, commit, str(directory))

    async def _run(self, script: Script, *words: str) -> str:
        start = ["sh", "-c", script.text, "rollout", str(self.place), *words]
        said = await ask(start, self._timeout, {**self._environ, **self._login.environ})
        if said.status != 0:
            raise git_trouble(BASTION, said, self._repo, str(self.place), self._timeout)
        return said.out


async def build_here(
    step: BuildStep, release: Release, code: Path, log: Path, environ: Mapping[str, str]
) -> None:
    """Run ``step`` in ``code``; all that it prints is kept in the file ``log``.

    It finds the name of the release in its environment, as a step on a host does.

    Raises:
        BuildFailed: it said no, or took too long; it is ended with all that it started.
        SourceError: it cannot be run here.
    """
    whole = {**environ, **step.environ, **release_environ(str(code), release.name)}
    try:
        with _new(log) as output:
            command = ["sh", "-c", step.command]
            ended = await run_here(command, step.timeout, whole, output=output, directory=code)
            tail = last_lines(redact(text_of(output))) if ended != 0 else ()
    except OSError as error:
        raise SourceError(f"{BASTION}: {step.name} cannot be run: {error.strerror}") from error
    if ended != 0:
        late = f"no end after {spell_duration(step.timeout)}"
        what = f"{step.name}: {late if ended is None else f'exit {ended}'}"
        raise BuildFailed(BASTION, what, tail=tail, log=str(log))


def _new(log: Path) -> IO[bytes]:
    log.parent.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    return os.fdopen(os.open(log, flags, 0o600), "w+b")


async def pack(code: Path, into: Path, timeout: float, environ: Mapping[str, str]) -> None:
    """Make one tar.gz of ``code``, without its REVISION.

    Raises:
        SourceError: it cannot be made.
    """
    words = ["tar", "-C", str(code), "--exclude=./REVISION", "-czf", str(into), "."]
    said = await ask(words, timeout, environ)
    if said.status != 0:
        why = telling_line(said.err, f"exit {said.status}")
        raise SourceError(f"{BASTION}: the code cannot be packed: {why}")
