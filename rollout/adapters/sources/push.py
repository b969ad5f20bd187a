"""This machine exports one commit, or takes one tree, builds in it, and sends it to every host."""

import asyncio
import atexit
import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from rollout.adapters.releases.layout import release_environ
from rollout.adapters.sources import scripts
from rollout.adapters.sources.checkout_differences import hollow_notes
from rollout.adapters.sources.export_directory import (
    as_memory,
    copy_tree,
    disk_trouble,
    drop_special_bits,
    make_export,
    write_revision,
)
from rollout.adapters.sources.limits import MAX_SIZE, RAISE_MAX_SIZE, too_large
from rollout.adapters.sources.local_files import check_tree
from rollout.adapters.sources.local_git import Mirror, build_here, pack
from rollout.adapters.sources.required_tools import LOOK, LOOK_WITHIN, findings, lacking
from rollout.adapters.sources.rsync import Carry, Rsync, RsyncJob
from rollout.adapters.sources.tool_messages import telling_line
from rollout.adapters.sources.tree_hash import Entry, read_tree, revision_of, stamp
from rollout.adapters.ssh.scripts import Remote, sentence
from rollout.model.errors import ReleaseError, SourceError
from rollout.model.fleet import Finding
from rollout.model.planned_run import Commits
from rollout.model.releases import BASTION, BuildStep, Release
from rollout.ports.commands import InThread

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class PushOptions:
    """What is sent, and where.

    Attributes:
        to: ``deploy.to`` on the hosts.
        cache: A directory of ours on this machine, for mirrors, exports and what we remember.
        logs: A directory on this machine for what the build steps print.
        repo: A path here, or an address for ``git fetch``; with ``ref`` as for GitSource.
        tree: In place of the two a directory here, sent as it is but for ``.git`` at its top.
        builds: Steps that run here, in the export.
        timeout: Seconds that a fetch, a packing, or the sending to one host may take.
        max_size: Bytes that the code may have when it is built.
        links: Link what is as in the release before.  A build step on the hosts that writes into
            a file rather than replacing it would then change both: such a site sets this to False,
            and every release is a copy.
        rsync: Send by rsync where both sides have it.
        environ: The environment of git, rsync and the build steps here.
    """

    to: str
    cache: Path
    logs: Path
    repo: str = field(default="", repr=False)
    ref: str = ""
    tree: Path | None = None
    builds: tuple[BuildStep, ...] = ()
    timeout: float = 300.0
    max_size: int = MAX_SIZE
    links: bool = True
    rsync: bool = True
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)


class PushSource:
    """A :class:`rollout.ports.releases.Source` that sends; :meth:`close` removes the export.

    Args:
        remote: For our scripts on the hosts.
        carry: Likewise for rsync; :meth:`rollout.adapters.ssh.Ssh.carry`.
        in_thread: For what blocks.
        options: What and where.
    """

    prepares = True

    def __init__(
        self, remote: Remote, carry: Carry, in_thread: InThread, options: PushOptions
    ) -> None:
        self.warnings: tuple[str, ...] = ()
        self._remote = remote
        self._in_thread = in_thread
        self._options = options
        self._rsync = Rsync(carry, in_thread)
        self._lacks: dict[str, dict[str, str]] = {}
        self._export: Path | None = None
        self._packing = asyncio.Lock()
        self._tree_is_good = False
        path = options.environ.get("PATH")
        self._here = {
            tool: f"{tool} is not installed"
            for tool in ("git", "flock", "tar", "gzip", "rsync")
            if shutil.which(tool, path=path) is None
        }

    async def examine(self, host: str) -> tuple[Finding, ...]:
        """Say what ``host`` lacks, and this machine; remember whether rsync can be used there."""
        lacks = await self._look(host)
        if found := await self._wrong_tree():
            return found
        needed = () if self._options.tree else ("git", "flock", "tar")
        if self._has_rsync(lacks):
            return findings(BASTION, self._here, needed)
        packing = ("tar", "gzip")
        here = findings(BASTION, self._here, tuple(dict.fromkeys((*needed, *packing))))
        return (*here, *findings(host, lacks, packing))

    async def resolve(self, hosts: Sequence[str]) -> str:  # noqa: ARG002 - the code is here
        """Fetch, or read the tree, here, and say which revision it is."""
        options = self._options
        if options.tree is None:
            commit = await self._mirror().resolve(options.ref)
            self.warnings = await self._mirror().notes_of(commit)
            return commit
        tree, entries = options.tree, await self._read(options.tree)
        self.warnings = await self._disk(
            "the code cannot be read", lambda: hollow_notes(tree, entries)
        )
        return revision_of(entries)

    async def preview(self, hosts: Sequence[str], live: str) -> tuple[str, Commits]:
        """Resolve as ever: the mirror is on this machine, and no host is asked."""
        revision = await self.resolve(hosts)
        return revision, await self.commits(hosts[0], live, revision)

    async def commits(self, host: str, live: str, revision: str) -> Commits:  # noqa: ARG002 - all is here
        if self._options.tree is not None:
            return Commits(unknown="deploy.tree is sent as it is and has no history")
        return await self._mirror().commits(live, revision)

    async def prepare(self, release: Release) -> None:
        """Export, write REVISION, build, and pack where a host has no rsync.

        Raises:
            BuildFailed: a step said no.
            SourceError: anything else.
        """
        options = self._options
        self.close()
        atexit.register(self.close)
        self._export = export = await self._disk(
            "no place for the code", lambda: make_export(options.cache, release)
        )
        code = export / "code"
        if (tree := options.tree) is None:
            await self._mirror().export(release.revision, code)
        else:
            await self._disk("the tree cannot be copied", lambda: copy_tree(tree, code))
            if revision_of(await self._read(code)) != release.revision:
                raise SourceError(f"{tree} was changed while it was copied", "deploy again")
        await self._disk("no REVISION", lambda: write_revision(code, release.revision))
        for step in options.builds:
            log = options.logs / f"{release.name}.{re.sub(r'[^A-Za-z0-9_.-]', '_', step.name)}.log"
            await build_here(step, release, code, log, options.environ)
        entries = await self._read(code)
        size = await self._disk("the code cannot be read", lambda: drop_special_bits(code, entries))
        if size > options.max_size:
            raise SourceError(too_large("the code", options.max_size), RAISE_MAX_SIZE)
        await self._disk("no mtimes", lambda: stamp(code, entries, self._memory, int(time.time())))
        if any(not self._has_rsync(lacks) for lacks in self._lacks.values()):
            await self._packed()

    async def deliver(self, host: str, release: Release, before: str) -> None:
        """Send what differs from ``before`` by rsync, or all of it in one stream.

        Where all of it has to be sent, the stream costs this machine 20 to 25 ms of processor for
        5 MB and rsync 85 to 110: the packing is done once for all hosts.
        """
        options = self._options
        lacks = self._lacks[host] if host in self._lacks else await self._look(host)
        if not self._has_rsync(lacks) or (not before and self._can_unpack(lacks)):
            await self._stream(host, release)
            return
        what = RsyncJob(
            code=self._exported / "code",
            to=options.to,
            links=options.links,
            timeout=options.timeout,
            environ=options.environ,
        )
        await self._rsync.send(host, release, before, what)

    def close(self) -> None:
        """Remove the export, if there is one.  May be called again."""
        export, self._export = self._export, None
        atexit.unregister(self.close)
        if export is not None:
            shutil.rmtree(export, ignore_errors=True)

    async def _wrong_tree(self) -> tuple[Finding, ...]:
        """Say what keeps the tree from being sent; looked at once for all hosts."""
        tree = self._options.tree
        async with self._packing:
            if tree is None or self._tree_is_good:
                return ()
            try:
                await self._in_thread(lambda: check_tree(tree))
            except SourceError as error:
                return (Finding(BASTION, error.what, error.fix),)
            self._tree_is_good = True
            return ()

    async def _stream(self, host: str, release: Release) -> None:
        options = self._options
        packed = as_memory(await self._packed())
        said = await self._remote.ask(
            host,
            scripts.UNPACK_STREAM.text,
            *(options.to, release.name, release.revision),
            timeout=options.timeout,
            stdin=packed,
            environ=release_environ(options.to, release.name),
        )
        if said.status != 0:
            what, fix = sentence(said)
            raise ReleaseError(host, telling_line(said.err, what), fix)

    async def _packed(self) -> Path:
        """Pack the export, once for all hosts."""
        options, packed = self._options, self._exported / "code.tar.gz"
        async with self._packing:
            if not packed.exists():
                new = packed.with_suffix(".new")
                await pack(self._exported / "code", new, options.timeout, options.environ)
                new.replace(packed)
        return packed

    @property
    def _exported(self) -> Path:
        if self._export is None:
            raise SourceError("nothing was prepared that could be sent")
        return self._export

    @property
    def _memory(self) -> Path:
        place = str(self._options.tree or self._options.repo)
        digits = hashlib.sha256(place.encode(errors="surrogateescape")).hexdigest()[:16]
        return self._options.cache / "mtimes" / f"{digits}.json"

    def _mirror(self) -> Mirror:
        options = self._options
        return Mirror(options.repo, options.cache, options.timeout, options.environ)

    async def _look(self, host: str) -> dict[str, str]:
        tools = ("rsync", "tar", "gzip")
        said = await self._remote.do(host, LOOK.text, *tools, timeout=LOOK_WITHIN)
        self._lacks[host] = lacking(said)
        return self._lacks[host]

    def _has_rsync(self, lacks: Mapping[str, str]) -> bool:
        return self._options.rsync and "rsync" not in lacks and "rsync" not in self._here

    def _can_unpack(self, lacks: Mapping[str, str]) -> bool:
        return not {"tar", "gzip"} & (lacks.keys() | self._here.keys())

    async def _read(self, tree: Path) -> tuple[Entry, ...]:
        return await self._disk("the code cannot be read", lambda: read_tree(tree))

    async def _disk(self, trouble: str, work: Callable[[], T]) -> T:
        with disk_trouble(trouble):
            return await self._in_thread(work)
