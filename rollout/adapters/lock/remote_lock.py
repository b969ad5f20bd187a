"""The lock in all its places: taken in order, all or none; seen to be ours before each act."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import TypeVar

from rollout.adapters.journal.serialization import spell_holder
from rollout.adapters.lock.away import AwayPlaces, boot_time
from rollout.adapters.lock.lock_directory import LockDirectory
from rollout.adapters.lock.reader import MOST_RUNS
from rollout.model.errors import LockError, LockHeld, LockLost, RolloutError
from rollout.model.fleet import Finding
from rollout.model.lock_state import LockOwner, LockState
from rollout.model.ownership import OwnedTarget

T = TypeVar("T")

CANCELLED_TAKE_WITHIN = 3.0
"""Seconds for a take that is under way when its wait is cancelled: it goes on in its thread."""

BEAT_WITHIN = 4.0
"""Seconds for a sign of life in one place."""

FRESH = 1.0
"""Seconds for which a look at the lock holds: acts come in bursts; breaking it takes a person."""


class FleetLock:
    """Satisfies :class:`rollout.ports.ownership.Lock`.

    Two places may be one machine under two names; the second is found to be ours already, and is
    left out.

    Args:
        places: In the order in which every bastion takes them.
        monotonic: The clock; one that goes on while the machine sleeps.
    """

    def __init__(
        self,
        places: Sequence[LockDirectory],
        monotonic: Callable[[], float] = boot_time,
    ) -> None:
        self._places = tuple(places)
        self._monotonic = monotonic
        self._taken: list[LockDirectory] = []
        self._run = ""
        self._away = AwayPlaces(monotonic)
        self._seen = float("-inf")
        self._lost: LockLost | None = None
        self._number = 0

    async def look(self) -> tuple[LockState, ...]:
        found = await asyncio.gather(*(place.look() for place in self._places))
        return tuple(held for held in found if held is not None)

    async def take(self, owner: LockOwner) -> None:
        self._run = owner.run
        spelled = _spelled(owner)
        try:
            for place in self._places:
                await self._take(place, spelled)
        except BaseException:
            await self.release()
            raise

    async def _take(self, place: LockDirectory, owner: str) -> None:
        taking = asyncio.ensure_future(place.take(self._run, owner))
        try:
            await asyncio.shield(taking)
        except asyncio.CancelledError:
            # Released beside it, the lock would be made after it was given back: 2 of 12 runs.
            await asyncio.wait({taking}, timeout=CANCELLED_TAKE_WITHIN)
            if taking.done() and not isinstance(taking.exception(), LockHeld):
                self._taken.append(place)
            raise
        except LockHeld:
            held = await place.look()
            if held is not None and held.owner.run == self._run:
                return  # this machine again, under another name
            raise
        except LockError:
            self._taken.append(place)  # its answer may have been lost; what is not ours stays
            raise
        self._taken.append(place)
        self._seen = self._monotonic()

    async def take_over(
        self, old: str, owner: LockOwner, *, seize: Sequence[LockState] = ()
    ) -> None:
        self._run = owner.run
        spelled = _spelled(owner)
        numbers = {held.place: held.number_there for held in seize}
        old = " ".join(await self._all_of(old, unless=numbers))
        try:
            for place in self._places:
                if number := numbers.get(place.name):
                    await place.seize(number, self._run, spelled)
                    self._taken.append(place)
                elif await place.replace(old, self._run, spelled):
                    self._taken.append(place)
                else:
                    await self._take(place, spelled)
        except RolloutError:
            await self.leave_behind("could not take over everywhere")
            raise
        self._seen = self._monotonic()

    async def _all_of(self, old: str, *, unless: Collection[str]) -> tuple[str, ...]:
        """Name ``old``, and the runs they were taking over from when they died between two places.

        Raises:
            LockHeld: what stands in a place cannot be read, and the place is not among ``unless``.
        """
        runs, seen = old.split(), await self.look()
        for one in seen:
            if one.unreadable and one.place not in unless:
                raise LockHeld(one.place, str(one.owner))
        held = [one for one in seen if one.owner.run in runs]
        self._number = max((one.number for one in held), default=0)
        found = dict.fromkeys((*runs, *(run for one in held for run in one.before)))
        return tuple(found)[:MOST_RUNS]  # more would make the lock one that is not believed

    async def keep(
        self, owned_targets: Sequence[OwnedTarget] | None = None, *, everywhere: bool
    ) -> None:
        if self._lost is not None:
            raise self._lost
        if owned_targets is None and not everywhere and self._monotonic() < self._seen + FRESH:
            return
        began = self._monotonic()
        near = self._taken if everywhere else self._away.near(self._taken)
        places = near or self._taken  # a run that asks no place learns nothing
        self._number += owned_targets is not None
        results = await _each(
            places, lambda place: place.keep(self._run, owned_targets, number=self._number)
        )
        for place, error in zip(places, results, strict=True):
            if isinstance(error, LockLost):
                self._lost = error
                raise error
            if error is not None:
                self._away.add(place)
        failed = next((error for error in results if error is not None), None)
        if failed is not None and everywhere:
            raise failed
        if any(error is None for error in results):
            self._seen = began

    async def beat(self) -> None:
        places = self._away.near(self._taken)
        results = await _each(places, self._beat)
        for place, error in zip(places, results, strict=True):
            if isinstance(error, LockError):
                self._away.add(place)

    async def _beat(self, place: LockDirectory) -> None:
        """Beat in one place; one that is slow must not make us seem dead in the others."""
        try:
            async with asyncio.timeout(BEAT_WITHIN):
                await place.keep(self._run, None)
        except TimeoutError:
            raise LockError(place.name, f"no answer within {BEAT_WITHIN:g}s") from None

    async def settled(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for one in await asyncio.gather(*(place.settled() for place in self._places)):
            found |= one
        return found

    async def examine(self) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
        """Try each place; return what keeps a lock from lying there, and notes.  Never raises."""
        seen = await asyncio.gather(*(place.examine() for place in self._places))
        findings = tuple(finding for found, _ in seen for finding in found)
        return findings, tuple(note for _, notes in seen for note in notes)

    async def acts(self) -> Mapping[str, Sequence[str]]:
        """Read, by place, what people did to the lock lately, the last act last."""
        seen = await asyncio.gather(*(place.acts() for place in self._places))
        names = (place.name for place in self._places)
        return {name: acts for name, acts in zip(names, seen, strict=True) if acts}

    async def note(self, act: str) -> tuple[RolloutError, ...]:
        """Write down in each place what a person did; return the errors of those that failed."""
        return _errors(await _each(self._places, lambda place: place.note(act)))

    async def leave_behind(self, how: str) -> tuple[RolloutError, ...]:
        return _errors(await _each(self._taken, lambda place: place.leave_behind(self._run, how)))

    async def release(self) -> tuple[RolloutError, ...]:
        results = await _each(self._taken, lambda place: place.release(self._run))
        left = zip(self._taken, results, strict=True)
        self._taken = [place for place, error in left if error is not None]
        return _errors(results)


async def _each(
    places: Sequence[LockDirectory], act: Callable[[LockDirectory], Awaitable[None]]
) -> list[RolloutError | None]:
    """Do ``act`` in all places at once; give for each the error that came of it."""

    async def one(place: LockDirectory) -> RolloutError | None:
        try:
            await act(place)
        except (LockError, LockLost) as error:
            return error
        return None

    return list(await asyncio.gather(*(one(place) for place in places)))


def _errors(results: Sequence[RolloutError | None]) -> tuple[RolloutError, ...]:
    return tuple(error for error in results if error is not None)


def _spelled(owner: LockOwner) -> str:
    return json.dumps(spell_holder(owner), separators=(",", ":")) + "\n"
