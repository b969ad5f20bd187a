"""Every host fetches for itself: a mirror clone in ``repo/``, and the export of one commit."""

import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field

from rollout.adapters.releases.layout import release_environ
from rollout.adapters.sources import scripts
from rollout.adapters.sources.checkout_differences import notes_of
from rollout.adapters.sources.commits_between import NO_LIVE, is_revision, parse_commits
from rollout.adapters.sources.limits import MAX_SIZE, RAISE_MAX_SIZE
from rollout.adapters.sources.repository_login import Login, split_login
from rollout.adapters.sources.required_tools import LOOK, LOOK_WITHIN, findings, lacking
from rollout.adapters.sources.resolve_ref import as_commit, check_ref, judge
from rollout.adapters.sources.tool_messages import telling_line
from rollout.adapters.ssh.scripts import Remote
from rollout.adapters.ssh.shell_files import Script
from rollout.model.errors import ReleaseError, RolloutError, SourceError
from rollout.model.fleet import Finding
from rollout.model.planned_run import Commits
from rollout.model.releases import Release
from rollout.ports.commands import CommandResult
from rollout.text.durations import spell_duration
from rollout.text.redact import redact

TOOLS = ("git", "flock", "tar", "timeout")

UNPACKING = 60.0
"""Seconds beyond ``timeout`` after which the whole script is ended."""

NO_AGENT = (
    'rollout forwards no ssh agent: set deploy.strategy = "push", or give the login on {host} a '
    "deploy key"
)
"""Said where git on a host has no key: by hand, with ForwardAgent, the same fetch may go well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GitOptions:
    """Where the code is and where it goes.

    Attributes:
        to: ``deploy.to`` on the hosts; the mirror is its ``repo``, as Capistrano's.
        repo: What the hosts fetch from, as one writes it for ``git fetch``.
        ref: A branch, a tag or a commit (at least 7 of its digits).
        timeout: Seconds that a fetch may take.
        max_size: Bytes that the files of a release may have.
    """

    to: str
    repo: str = field(repr=False)
    ref: str
    timeout: float = 300.0
    max_size: int = MAX_SIZE


class GitSource:
    """Satisfies :class:`rollout.ports.releases.Source` by git on the hosts.

    A mirror that Capistrano made is taken over as it is; what it says about its remote does not
    count, the address of the settings does.
    """

    prepares = False

    def __init__(self, remote: Remote, options: GitOptions) -> None:
        self.warnings: tuple[str, ...] = ()
        self._remote = remote
        self._options = options
        self._seconds = str(math.ceil(options.timeout))

    async def examine(self, host: str) -> tuple[Finding, ...]:
        """Say which programs ``host`` lacks."""
        said = await self._remote.do(host, LOOK.text, *TOOLS, timeout=LOOK_WITHIN)
        return findings(host, lacking(said), TOOLS)

    async def resolve(self, hosts: Sequence[str]) -> str:
        """Fetch on the first host and say which commit the ref means there."""
        options = self._options
        ref = check_ref(options.ref)
        address = self._login.address
        words = (options.to, address, self._seconds, ref, as_commit(ref))
        said = await self._run(hosts[0], scripts.RESOLVE, *words)
        commit = judge(ref, redact(options.repo), said.splitlines())
        held = await self._run(hosts[0], scripts.CONTENTS, options.to, commit)
        self.warnings = notes_of(commit, held.splitlines())
        return commit

    async def preview(self, hosts: Sequence[str], live: str) -> tuple[str, Commits]:
        """Fetch on the first host into a place that goes at the end: its mirror stays as it is."""
        options, ref = self._options, check_ref(self._options.ref)
        words = (options.to, self._login.address, self._seconds, ref, as_commit(ref))
        said = await self._run(hosts[0], scripts.PREVIEW, *words, live if is_revision(live) else "")
        lines = said.splitlines()
        commit = judge(ref, redact(options.repo), lines)
        return commit, parse_commits(commit, lines) if live else Commits(unknown=NO_LIVE)

    async def commits(self, host: str, live: str, revision: str) -> Commits:
        """Read them from the mirror of ``host``."""
        if not is_revision(live) or not is_revision(revision):
            return Commits(unknown=NO_LIVE)
        said = await self._run(host, scripts.COMMITS, self._options.to, live, revision)
        return parse_commits(revision, said.splitlines())

    async def prepare(self, release: Release) -> None:
        """Nothing: every host does all of it itself."""

    async def deliver(self, host: str, release: Release, before: str) -> None:  # noqa: ARG002 - git knows
        """Fetch where the commit is not there yet, and export it."""
        options = self._options
        await self._run(
            host,
            scripts.DELIVER,
            *(options.to, release.name, release.revision, self._login.address, self._seconds),
            str(options.max_size),
            release=release.name,
        )

    @property
    def _login(self) -> Login:
        return split_login(check_repo(self._options.repo))

    async def _run(self, host: str, script: Script, *words: str, release: str = "") -> str:
        environ = release_environ(self._options.to, release) if release else {}
        timeout = self._options.timeout + UNPACKING
        said = await self._remote.ask(
            host,
            scripts.LOGIN.text + script.text,
            *words,
            timeout=timeout,
            stdin=self._login.lines,
            environ=environ,
        )
        if said.status != 0:
            trouble = git_trouble(
                host, said, self._options.repo, self._options.to, self._options.timeout
            )
            if isinstance(trouble, SourceError) and "(publickey" in said.err:
                trouble.fix = f"{NO_AGENT.format(host=host)}; then {trouble.fix}"
            raise trouble
        return said.out


def check_repo(repo: str) -> str:
    """Return ``repo`` if git could take it for an address.

    Raises:
        SourceError: it could not.
    """
    if not repo or repo.startswith("-") or "\0" in repo:
        raise SourceError(f"{redact(repo)!r} is no address of a repository", "set deploy.repo")
    return repo


def git_trouble(host: str, said: CommandResult, repo: str, to: str, timeout: float) -> RolloutError:
    """Say why one of the git scripts failed on ``host``, in our words and git's own last line."""
    last = telling_line(said.err, f"exit {said.status}")
    name = redact(repo)
    anew = f"on {host}: rm -rf {shlex.quote(f'{to}/repo')} (it is fetched anew)"
    match said.status:
        case scripts.NOT_FETCHED:
            try_it = f"on {host}: git ls-remote {shlex.quote(name)}"
            if "dubious ownership" in said.err and repo.startswith("/"):
                # not git's own words: a host does not say what an operator types
                try_it = f"on {host}: git config --global --add safe.directory {shlex.quote(repo)}"
            return SourceError(f"{host}: cannot fetch {name}: {last}", try_it)
        case scripts.LATE:
            late = f"no end of fetching {name} after {spell_duration(timeout)}"
            return SourceError(f"{host}: {late}", "raise deploy.timeout")
        case scripts.NO_MIRROR:
            return ReleaseError(host, f"the mirror {to}/repo cannot be used: {last}", anew)
        case scripts.NOT_ARCHIVED:
            last = telling_line(said.err, f"exit {said.status}", not_of="tar:")
            return ReleaseError(host, f"git cannot export from the mirror {to}/repo: {last}", anew)
        case scripts.TOO_LARGE:
            return ReleaseError(
                host, f"the code has {last}, more than deploy.max_size", RAISE_MAX_SIZE
            )
        case scripts.NOT_UNPACKED:
            return ReleaseError(host, f"the code cannot be unpacked: {last}")
        case _:
            return ReleaseError(host, last)
