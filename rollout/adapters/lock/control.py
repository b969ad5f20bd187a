"""Requests to the run that holds the lock, and its answers: lines of JSON beside its owner."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from rollout.adapters.journal.serialization import UNREADABLE, read_holder, spell_holder
from rollout.adapters.lock.away import AwayPlaces, boot_time
from rollout.adapters.lock.lock_directory import LockDirectory
from rollout.adapters.lock.reader import RUN
from rollout.model.control import ControlAnswer, ControlRequest, Outcome, Wanted
from rollout.model.errors import LockError, LockLost, RolloutError

T = TypeVar("T")

LONGEST = 4096
"""Characters of a line that is read: a request has some 600."""

LISTEN_WITHIN = 4.0
"""Seconds for one place: one that is slow must not keep the run from hearing the others."""


class LockControl:
    """Satisfies :class:`rollout.ports.control.Control`.

    A request is left in each place, so it is read more than once: its id tells.

    Args:
        places: Those of the lock.
        monotonic: The clock; one that goes on while the machine sleeps.
    """

    def __init__(
        self,
        places: Sequence[LockDirectory],
        monotonic: Callable[[], float] = boot_time,
    ) -> None:
        self._places = tuple(places)
        self._away = AwayPlaces(monotonic)

    async def requests(self, run: str) -> Sequence[ControlRequest]:
        found: dict[str, ControlRequest] = {}
        for printed in await self._of_run(lambda place: place.asked(run)):
            for line in _lines(printed, "asked"):
                if request := _request(line):
                    found.setdefault(request.id, request)
        return tuple(found.values())

    async def answer(self, run: str, answer: ControlAnswer) -> None:
        said = {
            "request": answer.request,
            "outcome": str(answer.outcome),
            "finishing": list(answer.finishing),
            "by": answer.by,
        }
        line = json.dumps(said, separators=(",", ":"))
        await self._of_run(lambda place: place.answer(run, line))

    async def show_pause(self, run: str, by: str) -> None:
        await self._of_run(lambda place: place.show_pause(run, by))

    async def ask(self, run: str, request: ControlRequest) -> None:
        said = {"wanted": str(request.wanted), "by": spell_holder(request.by)}
        line = json.dumps(said, separators=(",", ":"))
        _raise_unless_one(await _each(self._places, lambda place: place.ask(run, line)))

    async def answered(self, run: str, request: str) -> ControlAnswer | None:
        results = await _each(self._places, lambda place: place.answers(run, request))
        _raise_unless_one(results)
        printed = [said for said in results if isinstance(said, str)]
        answers = (_answer(line) for said in printed for line in _lines(said, "answer"))
        return next((one for one in answers if one is not None and one.request == request), None)

    async def _of_run(self, act: Callable[[LockDirectory], Awaitable[T]]) -> list[T]:
        """Do ``act`` in each place that has not just been away, and leave out what fails."""
        places = self._away.near(self._places)
        results = await _each(places, partial(_soon, act))
        for place, result in zip(places, results, strict=True):
            if isinstance(result, LockError):
                self._away.add(place)
        return [result for result in results if not isinstance(result, RolloutError)]


async def _each(
    places: Sequence[LockDirectory], act: Callable[[LockDirectory], Awaitable[T]]
) -> list[T | RolloutError]:
    """Do ``act`` in all places at once; give for each what came of it."""

    async def one(place: LockDirectory) -> T | RolloutError:
        try:
            return await act(place)
        except (LockError, LockLost) as error:
            return error

    return list(await asyncio.gather(*(one(place) for place in places)))


async def _soon(act: Callable[[LockDirectory], Awaitable[T]], place: LockDirectory) -> T:
    try:
        async with asyncio.timeout(LISTEN_WITHIN):
            return await act(place)
    except TimeoutError:
        raise LockError(place.name, f"no answer within {LISTEN_WITHIN:g}s") from None


def _raise_unless_one(results: Sequence[object]) -> None:
    """Raise an error where no place gave anything else, first that the run has gone."""
    errors = [result for result in results if isinstance(result, RolloutError)]
    if errors and len(errors) == len(results):
        raise next((error for error in errors if isinstance(error, LockLost)), errors[0])


def _lines(printed: str, name: str) -> Iterator[str]:
    head = f"{name}\t"
    rows = (row.removeprefix(head) for row in printed.splitlines() if row.startswith(head))
    return (row for row in rows if len(row) <= LONGEST)


def _request(line: str) -> ControlRequest | None:
    """Read one request; None for a line that this version does not understand."""
    try:
        said = json.loads(line)
        request = ControlRequest(wanted=Wanted(said["wanted"]), by=read_holder(said["by"]))
    except UNREADABLE:
        return None
    return request if RUN.fullmatch(request.id) else None


def _answer(line: str) -> ControlAnswer | None:
    try:
        said = json.loads(line)
        return ControlAnswer(
            request=str(said["request"]),
            outcome=Outcome(said["outcome"]),
            finishing=tuple(map(str, said["finishing"])),
            by=str(said["by"]),
        )
    except UNREADABLE:
        return None
