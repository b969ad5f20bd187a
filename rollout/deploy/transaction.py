"""The transaction: a release on every host, or on none.

Each undo is promised before its step, so a step that may have got anywhere is undone
as well.  Whatever fails before the end, on whatever host, takes everything back on all of them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial

from rollout.deploy.on_all_hosts import OnAllHosts
from rollout.events import DeployTakenBack, Noted, ReleaseDiscarded, ReleaseInPlace, UndoFailed
from rollout.model.deploy import Deploy
from rollout.model.errors import ReleaseError, RolloutError, said_of
from rollout.model.releases import BASTION, BuildStep, Switch
from rollout.ports.releases import Releases, Source
from rollout.ports.site import Tell
from rollout.restart.current_link import restore, retry_once, switch

Undo = Callable[[str], Awaitable[object]]
"""Undone on a host; what cannot be undone is told, not raised."""


class Transaction:
    """One release on its way onto the hosts, with the way back promised before each step.

    Attributes:
        before: By host the release that was current when it began; empty where none was.
        live: By host that one, and those in which a process ran.
        unproven: By host the releases that an earlier deploy did not come to verify everywhere.
    """

    def __init__(self, deploy: Deploy, releases: Releases, source: Source, tell: Tell) -> None:
        self.before: dict[str, str] = {}
        self.live: dict[str, frozenset[str]] = {}
        self.unproven: dict[str, frozenset[str]] = {}
        self._deploy = deploy
        self._releases = releases
        self._source = source
        self._tell = tell
        self._undos: dict[str, list[Undo]] = {host: [] for host in deploy.hosts}
        self._switched: set[str] = set()
        self._unrestored: set[str] = set()

    def take_up(
        self,
        before: Mapping[str, str],
        live: Mapping[str, frozenset[str]],
        unproven: Mapping[str, frozenset[str]],
    ) -> None:
        """Stand where a run has died that was through with it: all can still be undone."""
        self.before, self.live, self.unproven = dict(before), dict(live), dict(unproven)
        together = self._deploy.switch is Switch.TOGETHER
        for host in self._deploy.hosts:
            self._undos[host] = [self._discard, *([self._restore] if together else [])]
            self._switched |= {host} if together else set()

    async def run(self, stop_asked: Callable[[], bool]) -> None:
        """Put the release in place on every host; what is promised can still be undone after it.

        Raises:
            RolloutError: a step failed on some host, and everything was taken back on all.
        """
        hosts = self._deploy.hosts
        on_all = OnAllHosts(self._deploy.at_once, stop_asked, self._tell)
        try:
            await on_all.do("begin", hosts, self._begin)
            if self._deploy.fresh:
                if self._source.prepares:
                    await on_all.do("prepare", (BASTION,), self._prepare)
                await on_all.do("update_code", hosts, self._deliver)
                await on_all.do("link shared", hosts, self._link)
                for step in self._deploy.builds:
                    await on_all.do(f"compile {step.name}", hosts, partial(self._build, step=step))
            await on_all.do("verify", hosts, self._verify)
            if self._deploy.switch is Switch.TOGETHER:
                await on_all.do("symlink", hosts, self._switch)
        except Exception as failure:
            await self.take_back(str(failure))
            raise
        self._tell(ReleaseInPlace(release=self._deploy.release.name, before=dict(self.before)))

    async def take_back(self, reason: str) -> None:
        """Keep all promises, the last one first, on all hosts at once.

        One that cannot be kept is named and keeps no other from being kept.
        """
        await self.take_back_from(self._deploy.hosts)
        self._tell(DeployTakenBack(release=self._deploy.release.name, reason=reason))

    async def take_back_from(self, hosts: Iterable[str]) -> None:
        """Keep the promises of some hosts."""
        await asyncio.gather(*(self._take_back(host) for host in hosts))

    async def _take_back(self, host: str) -> None:
        while self._undos[host]:
            await self._undos[host].pop()(host)

    async def _begin(self, host: str) -> None:
        # Before the tidying: that forgets the note of a deploy which halted and serves.
        found = None if self._deploy.fresh else await self._releases.look(host)
        self.unproven[host] = found.unproven if found else frozenset()
        for what in await self._releases.tidy(host):
            self._tell(Noted(where=host, what=what))
        host_releases = await self._releases.look(host)
        self.before[host], self.live[host] = host_releases.current, host_releases.live
        self._undos[host].append(self._discard)
        await self._releases.begin(host, self._deploy.release, fresh=self._deploy.fresh)

    async def _prepare(self, _: str) -> None:
        await self._source.prepare(self._deploy.release)

    async def _deliver(self, host: str) -> None:
        await self._source.deliver(host, self._deploy.release, self.before[host])

    async def _link(self, host: str) -> None:
        await self._releases.link_shared(host, self._deploy.release)

    async def _build(self, host: str, step: BuildStep) -> None:
        await self._releases.build(host, self._deploy.release, step)

    async def _verify(self, host: str) -> None:
        wanted = self._deploy.release.revision
        if not wanted:
            return  # an old one, of which it is not written down what it was made from
        found = await self._releases.revision(host, self._deploy.release)
        if found != wanted:
            raise ReleaseError(host, f"has revision {found or 'of no name'}, not {wanted}")

    async def _switch(self, host: str) -> None:
        self._undos[host].append(self._restore)
        self._switched.add(host)
        await switch(host, self._deploy.release, self._releases, self._tell)

    async def _restore(self, host: str) -> bool:
        done = await restore(host, self._deploy.release, self._releases, self._tell)
        if not done:
            self._unrestored.add(host)
        return done

    async def _discard(self, host: str) -> None:
        release = self._deploy.release
        discard = partial(self._releases.discard, host, release)
        error = await retry_once(discard)
        if error and await self._is_current(host) and await self._restore(host):
            # A switch whose connection stalled came late, or a build step moved it by itself.
            error = await retry_once(discard)
        if error and host not in self._unrestored:
            live = await self._is_live(host)
            self._tell(UndoFailed(host=host, reason=said_of(host, error), live=live))
        elif not error and self._deploy.fresh:
            self._tell(ReleaseDiscarded(host=host, release=release.name))

    async def _is_current(self, host: str) -> bool:
        """See whether `current` leads to the release, though nothing should have moved it."""
        if host in self._unrestored:
            return False  # that has been told, and trying again would tell it again
        try:
            return (await self._releases.look(host)).current == self._deploy.release.name
        except RolloutError:
            return host in self._switched

    async def _is_live(self, host: str) -> bool:
        """See whether a process may serve the release, such as one that was started anew."""
        try:
            return self._deploy.release.name in (await self._releases.look(host)).live
        except RolloutError:
            return host in self._switched
