"""What we hold, remembered as long as the process lives."""

from collections.abc import Sequence

from rollout.ports import Owned


class MemoryRecord:
    """Satisfies :class:`rollout.ports.Record`, but for the promise to survive a crash."""

    def __init__(self) -> None:
        self._owned: dict[str, tuple[Owned, ...]] = {}
        self._restarting: dict[str, tuple[str, ...]] = {}

    async def own(self, target: str, seats: Sequence[Owned]) -> None:
        self._owned[target] = tuple(seats)

    async def asked(self, target: str, instances: Sequence[str]) -> None:
        self._restarting[target] = tuple(instances)

    async def released(self, target: str) -> None:
        self._owned.pop(target, None)
        self._restarting.pop(target, None)

    def owned(self, target: str) -> tuple[Owned, ...]:
        return self._owned.get(target, ())

    def was_asked(self, target: str) -> bool:
        return target in self._restarting
