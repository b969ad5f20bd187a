"""What we hold: in memory, in the journal here, and in the lock on the load balancers' hosts."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from rollout.model.errors import RecordError, RolloutError
from rollout.model.fleet import AdminState, ProcessIdentity, Server, Target
from rollout.model.ownership import OwnedTarget, ServerSnapshot, Silence
from rollout.ports.ownership import Lock, RunJournal
from rollout.text.timestamps import utc_now


class PersistentOwnershipLog:
    """Satisfies :class:`rollout.ports.ownership.OwnershipLog`.

    The journal is written first, for a disk may take its time; then the lock, where another bastion
    may have put itself in our place meanwhile; then the act may be done.

    Args:
        journal: On this machine; None for a record that lives as long as the process.
        lock: Where all bastions meet; None where no other bastion is.
        owned_targets: What a run before this one left out and this one answers for from now on.
    """

    def __init__(
        self,
        journal: RunJournal | None = None,
        lock: Lock | None = None,
        owned_targets: Sequence[OwnedTarget] = (),
    ) -> None:
        self._journal = journal
        self._lock = lock
        self._held = {owned_target.target.name: owned_target for owned_target in owned_targets}
        self._behind = False
        self._one_by_one = asyncio.Lock()

    @property
    def owned_targets(self) -> tuple[OwnedTarget, ...]:
        """All that is ours now."""
        return tuple(self._held.values())

    async def own(
        self,
        target: Target,
        found: Sequence[ServerSnapshot],
        *,
        release: str = "",
        relinked: bool = False,
    ) -> None:
        if self._journal is not None:
            self._journal.has_room()
        owned_target = OwnedTarget(
            target=target,
            found=tuple(found),
            release=release,
            relinked=relinked,
            since=utc_now(),
        )
        await self._keep(owned_target, everywhere=True)

    async def records_intent(
        self, target: str, told: Mapping[Server, tuple[AdminState, ...]], *, returning: bool | None
    ) -> None:
        before = self._held[target]
        coming = before.returning if returning is None else returning
        owned_target = before.told_too(told, returning=coming)
        if returning is not None and not before.possible_states:
            await self._keep(
                replace(owned_target, since=utc_now()), everywhere=False, needed=not coming
            )
            # It is told now: the next write has this moment, one write later than the last.
            self._held[target] = replace(self._held[target], since=utc_now())
        elif returning is None:
            # Nothing is about to be told, so the lock hears of it with the next act or catch_up:
            # a round trip for each order, not two.
            await self._keep(owned_target, everywhere=False, needed=not coming, to_lock=False)
        elif owned_target == before:
            await self.still_ours()
        else:
            await self._keep(owned_target, everywhere=False, needed=not coming)

    async def has_lines(self, target: Target, found: Sequence[ServerSnapshot]) -> None:
        before = self._held[target.name]
        new = set(target.servers) - set(before.target.servers)
        owned_target = before.with_lines(target, tuple(found))
        await self._keep(owned_target, everywhere=False, needed=bool(new) and not before.returning)

    async def asked(
        self, target: str, before: Mapping[str, ProcessIdentity | None], release: str
    ) -> None:
        # everywhere: who sees to it from another machine must know that it is not as it was found
        await self._keep(self._held[target].asked_too(before, release), everywhere=True)

    async def silenced(self, target: str, silence: Silence | None) -> None:
        owned_target = replace(self._held[target], silence=silence)
        await self._keep(owned_target, everywhere=False, needed=silence is not None)

    async def released(self, target: str, *, restarted: bool, renewed: Sequence[str] = ()) -> None:
        async with self._one_by_one:
            self._held.pop(target, None)
            self._behind = True
            with suppress(RolloutError):  # a reader of one that is still listed finds it serving
                if self._journal is not None:
                    await self._journal.released(target, restarted=restarted, renewed=renewed)
                if self._lock is not None:
                    await self._lock.keep(self.owned_targets, everywhere=False)
                self._behind = False

    async def catch_up(self, *, everywhere: bool = False) -> None:
        async with self._one_by_one:
            if self._behind and self._lock is not None:
                with suppress(RolloutError):  # a lost lock is for the next act to find out
                    await self._lock.keep(self.owned_targets, everywhere=everywhere)
                    self._behind = False

    async def still_ours(self, *, anew: bool = False) -> None:
        if self._lock is not None:
            await self._lock.keep(everywhere=anew)

    def owned_target(self, target: str) -> OwnedTarget | None:
        return self._held.get(target)

    def was_asked(self, target: str) -> bool:
        owned_target = self._held.get(target)
        return owned_target is not None and bool(owned_target.asked)

    async def _keep(
        self,
        owned_target: OwnedTarget,
        *,
        everywhere: bool,
        needed: bool = True,
        to_lock: bool = True,
    ) -> None:
        async with self._one_by_one:
            then = {**self._held, owned_target.target.name: owned_target}
            try:
                if self._journal is not None:
                    await self._journal.held(owned_target)
            except RecordError:
                if needed:
                    raise
            if self._lock is not None and to_lock:
                try:
                    await self._lock.keep(tuple(then.values()), everywhere=everywhere)
                except RolloutError:
                    await self._take_back(owned_target)
                    raise
            self._behind = not to_lock
            self._held = then

    async def _take_back(self, owned_target: OwnedTarget) -> None:
        """Write down that a target is not ours after all, which was about to be."""
        if owned_target.target.name not in self._held and self._journal is not None:
            with suppress(RecordError):
                await self._journal.released(owned_target.target.name, restarted=False)


class UnlockedOwnershipLog:
    """The :class:`OwnershipLog` where the lock is not ours: no act is allowed.

    Args:
        why: What is raised before each act.
        owned_targets: What earlier runs left out; it is only looked at.
    """

    def __init__(self, why: RolloutError, owned_targets: Sequence[OwnedTarget] = ()) -> None:
        self._why = why
        self._held = {owned_target.target.name: owned_target for owned_target in owned_targets}

    @property
    def owned_targets(self) -> tuple[OwnedTarget, ...]:
        return tuple(self._held.values())

    async def own(
        self,
        target: Target,
        found: Sequence[ServerSnapshot],
        *,
        release: str = "",
        relinked: bool = False,
    ) -> None:
        del target, found, release, relinked
        raise self._why

    async def records_intent(
        self, target: str, told: Mapping[Server, tuple[AdminState, ...]], *, returning: bool | None
    ) -> None:
        del target, told, returning
        raise self._why

    async def has_lines(self, target: Target, found: Sequence[ServerSnapshot]) -> None:
        del target, found
        raise self._why

    async def asked(
        self, target: str, before: Mapping[str, ProcessIdentity | None], release: str
    ) -> None:
        del target, before, release
        raise self._why

    async def silenced(self, target: str, silence: Silence | None) -> None:
        del target, silence
        raise self._why

    async def released(self, target: str, *, restarted: bool, renewed: Sequence[str] = ()) -> None:
        """Write nothing: nothing was ours."""

    async def catch_up(self, *, everywhere: bool = False) -> None:
        """Write nothing: there is no lock to be written into."""

    async def still_ours(self, *, anew: bool = False) -> None:
        del anew
        raise self._why

    def owned_target(self, target: str) -> OwnedTarget | None:
        return self._held.get(target)

    def was_asked(self, target: str) -> bool:
        owned_target = self._held.get(target)
        return owned_target is not None and bool(owned_target.asked)
