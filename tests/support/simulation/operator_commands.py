"""The operator's own commands in virtual time: silences of a monitoring, and hooks."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rollout.events import Event
from rollout.model.errors import RecordError
from rollout.model.fleet import Target
from rollout.model.ownership import Silence
from rollout.ports.operator_commands import CommandEnd
from tests.support.simulation.world import World

FINE = CommandEnd(ok=True, message="exit 0")


@dataclass
class Monitoring:
    """What pages a person, unless it is silent.

    Attributes:
        silent: By target the number of each silence that goes on.
        ended: The numbers that were ended, in order.
        paged: What was out of rotation without a silence when it was looked at.
    """

    silent: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    ended: list[str] = field(default_factory=list[str])
    begun: int = 0

    @property
    def still(self) -> list[str]:
        return [number for numbers in self.silent.values() for number in numbers]


class FakeSilencer:
    """Satisfies `Silencer`; each call can be broken as one to the world."""

    def __init__(self, world: World, monitoring: Monitoring, run: str = "5f0c21") -> None:
        self.run = run
        self._world = world
        self._monitoring = monitoring
        self.answer = FINE
        self.takes = 0.5

    async def begin(self, target: Target, seconds: float) -> tuple[str, CommandEnd]:
        assert seconds > 0
        async with self._world.faults.befall("silence begin", RecordError):
            await asyncio.sleep(self.takes)
            self._monitoring.begun += 1
            number = f"{target.name}#{self._monitoring.begun}"
            self._monitoring.silent.setdefault(target.name, []).append(number)
        return number, self.answer

    async def end(self, target: Target, silence: Silence) -> CommandEnd | None:
        async with self._world.faults.befall("silence end", RecordError):
            await asyncio.sleep(self.takes)
            ours = list(self._monitoring.silent.get(target.name, []))
            if silence.number:  # else a command finds it by run and host
                ours = [number for number in ours if number == silence.number]
            for number in ours:
                self._monitoring.silent[target.name].remove(number)
                self._monitoring.ended.append(number)
        return self.answer if ours else CommandEnd(ok=False, message="no such silence")


class FakeRunHooks:
    """Satisfies `RunHooks`: takes note, and answers as it is told to."""

    def __init__(
        self,
        answers: Mapping[str, CommandEnd] | None = None,
        meanwhile: Callable[[str, str], None] = lambda _hook, _target: None,
        takes: float = 0.5,
    ) -> None:
        self.ran: list[tuple[str, str, str]] = []
        self._answers = answers or {}
        self._meanwhile = meanwhile
        self._takes = takes

    async def run(
        self, hook: str, facts: Mapping[str, str], event: Event | None = None
    ) -> CommandEnd | None:
        target = facts.get("target", "")
        self.ran.append((hook, target or facts.get("hosts", ""), event.wire if event else ""))
        await asyncio.sleep(self._takes)
        self._meanwhile(hook, target)
        return self._answers.get(hook, FINE)
