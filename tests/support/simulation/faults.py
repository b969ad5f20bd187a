"""What can befall a call: refused, done but the reply lost, a hang, or the end of the process."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum

from rollout.model.errors import RolloutError


class Dead(BaseException):
    """The process died here: nothing more of it runs, no cleanup either."""


class Kind(StrEnum):
    REFUSED = "refused"
    LOST = "done, but the reply was lost"
    HANG = "hangs, nothing done"
    HANG_DONE = "hangs, done"
    DEATH = "the process dies before"
    DEATH_DONE = "the process dies after"


@dataclass(frozen=True)
class Fault:
    kind: Kind
    at: int
    calls: int = 1
    only: str = ""

    def hits(self, number: int, what: str) -> bool:
        return self.at <= number < self.at + self.calls and what.startswith(self.only)


Blame = Callable[[str], RolloutError]


class Faults:
    """Counts every call to the world, and breaks those that it was told to break.

    ``last`` is when the last one was made, on the loop's clock.
    """

    def __init__(self, *faults: Fault, last: float = 0.0) -> None:
        self.faults = faults
        self.last = last
        self.calls: list[str] = []
        self.dead = False

    @asynccontextmanager
    async def befall(
        self, what: str, blame: Blame, *, refused: Blame | None = None
    ) -> AsyncIterator[None]:
        """Run the body (the act) unless the fault keeps it from being done."""
        if self.dead:
            raise Dead
        number = len(self.calls)
        self.calls.append(what)
        self.last = asyncio.get_running_loop().time()
        kind = next((f.kind for f in self.faults if f.hits(number, what)), None)
        await asyncio.sleep(0.005)
        match kind:
            case Kind.REFUSED:
                raise (refused or blame)("refused")
            case Kind.HANG:
                await asyncio.sleep(10)
                raise blame("no answer within 10s")
            case Kind.DEATH:
                self.dead = True
                raise Dead
            case _:
                pass
        yield
        match kind:
            case Kind.LOST:
                raise blame("the reply was lost")
            case Kind.HANG_DONE:
                await asyncio.sleep(10)
                raise blame("no answer within 10s")
            case Kind.DEATH_DONE:
                self.dead = True
                raise Dead
            case _:
                pass
