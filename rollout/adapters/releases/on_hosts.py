"""The releases on the hosts' disks: each act one script, run by one ssh command.

What takes a release back, or says what stands there, belongs to no release; all else that works
on one is marked in its environment, so that taking it back can first end what still works on it.
"""

from collections.abc import Mapping, Sequence

from rollout.adapters.releases import build as building
from rollout.adapters.releases.cleanup import TIDY, parse_tidy
from rollout.adapters.releases.deploy_notes import BEGIN, DISCARD, REVISION, SETTLE
from rollout.adapters.releases.layout import release_environ
from rollout.adapters.releases.link_shared import LINK, MISSING
from rollout.adapters.releases.list import LOOK, first_line, parse_look
from rollout.adapters.releases.options import ReleaseOptions
from rollout.adapters.releases.preflight import EXAMINE, parse_examine, parse_room
from rollout.adapters.releases.process_cwd import WHEREABOUTS, parse_whereabouts
from rollout.adapters.releases.prune import PRUNE
from rollout.adapters.releases.sizes import SIZES, parse_sizes
from rollout.adapters.releases.symlink_scripts import RESTORE, SWITCH
from rollout.adapters.ssh.scripts import Remote
from rollout.adapters.ssh.shell_files import Script
from rollout.model.errors import ReleaseError
from rollout.model.fleet import Finding
from rollout.model.releases import (
    NAME,
    BuildStep,
    DiskRoom,
    HostReleases,
    Release,
    ReleaseSizes,
    ReleaseStatus,
)


class ReleasesOnDisk:
    """Implements :class:`rollout.ports.releases.Releases`; promises and errors are told there.

    Nothing that a process is seen to run in is removed.  A process of another user's is not seen
    by an ordinary one, and then keeps nothing but a release that a dead deploy had switched to:
    give ``readlink`` as ``sudo -n readlink`` where instances run as another user than deploys.
    """

    def __init__(self, remote: Remote, options: ReleaseOptions) -> None:
        self._remote = remote
        self._options = options
        self._room: dict[str, DiskRoom | None] = {}

    def room(self, host: str) -> DiskRoom | None:
        return self._room.get(host)

    async def look(self, host: str) -> HostReleases:
        return parse_look(host, await self._do(host, LOOK, *self._options.readlink_words))

    async def examine(self, host: str) -> tuple[Finding, ...]:
        o = self._options
        paths = (str(len(o.shared)), *o.shared, str(len(o.shared_files)), *o.shared_files)
        text = await self._do(host, EXAMINE, self._size_timeout, *paths, *o.readlink_words)
        self._room[host] = parse_room(text)
        return parse_examine(host, text, o)

    async def sizes(self, host: str, names: Sequence[str]) -> ReleaseSizes | None:
        wanted = " ".join(known(host, name) for name in names)
        return parse_sizes(names, await self._do(host, SIZES, self._size_timeout, wanted))

    async def whereabouts(self, host: str, pids: Sequence[int]) -> Mapping[int, str]:
        wanted = " ".join(str(int(pid)) for pid in pids)
        words = self._options.readlink_words
        return parse_whereabouts(await self._do(host, WHEREABOUTS, wanted, *words))

    async def tidy(self, host: str) -> tuple[str, ...]:
        return parse_tidy(await self._remove(host, TIDY))

    async def begin(self, host: str, release: Release, *, fresh: bool) -> None:
        words = ("yes" if fresh else "no", first_line(release.revision))
        await self._work(host, BEGIN, release, *words)

    async def link_shared(self, host: str, release: Release) -> None:
        o = self._options
        words = (str(len(o.shared)), *o.shared, *o.shared_files)
        once = f"put it there once, below {o.to}, or take it out of deploy.shared_files"
        await self._work(host, LINK, release, *words, fixes={MISSING: once})

    async def build(self, host: str, release: Release, step: BuildStep) -> None:
        known(host, release.name)
        to = self._options.to
        text = await self._remote.do(
            host,
            building.BUILD.text,
            *building.words_of(release, step, to),
            timeout=step.timeout + building.GRACE + building.MARGIN,
            stdin=building.settings_of(host, release, step, to),
            environ=release_environ(to, release.name),
        )
        building.judge(host, release, step, to, text)

    async def revision(self, host: str, release: Release) -> str:
        return first_line(await self._do(host, REVISION, known(host, release.name)))

    async def switch(self, host: str, release: Release) -> None:
        await self._work(host, SWITCH, release)

    async def restore(self, host: str, release: Release) -> None:
        await self._do(host, RESTORE, known(host, release.name))

    async def discard(self, host: str, release: Release) -> None:
        await self._remove(host, DISCARD, known(host, release.name))

    async def settle(self, host: str, release: str, mark: ReleaseStatus) -> None:
        await self._do(host, SETTLE, known(host, release), mark.value)

    async def prune(self, host: str, names: Sequence[str]) -> tuple[str, ...]:
        wanted = " ".join(known(host, name) for name in names)
        gone = await self._remove(host, PRUNE, wanted)
        return tuple(sorted(gone.split()))

    @property
    def _size_timeout(self) -> str:
        return f"{max(0.001, self._options.size_timeout):.3f}"

    async def _do(self, host: str, script: Script, *words: str) -> str:
        return await self._remote.do(
            host, script.text, self._options.to, *words, timeout=self._options.timeout
        )

    async def _remove(self, host: str, script: Script, *words: str) -> str:
        """Run what removes releases, unless it sees a process run in them."""
        o = self._options
        words = (o.to, *words, *o.readlink_words)
        return await self._remote.do(host, script.text, *words, timeout=o.remove_timeout)

    async def _work(
        self,
        host: str,
        script: Script,
        release: Release,
        *words: str,
        fixes: Mapping[int, str] | None = None,
    ) -> None:
        """Run what works on a release, marked as such."""
        to, name = self._options.to, known(host, release.name)
        await self._remote.do(
            host,
            script.text,
            *(to, name, *words),
            timeout=self._options.timeout,
            environ=release_environ(to, name),
            fixes=fixes,
        )


def known(host: str, name: str) -> str:
    """Let through the name of a release, and nothing else.

    Raises:
        ReleaseError: it is none; a path or an option would be.
    """
    if not NAME.fullmatch(name):
        raise ReleaseError(host, f"{name!r} is not the name of a release (14 digits)")
    return name
