"""A small quick fleet for each test, and rollout beside it."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Protocol

import pytest

from examples.fleet import Fleet, Shape
from examples.fleet.balancer import FleetServerState
from tests.integration.conftest import MakeFleet
from tests.support.started_runs import Ended, Running

QUICK: Mapping[str, object] = {
    "hosts": 2,
    "instances": 1,
    "boot": 0.3,
    "checks": "inter 200ms rise 2 fall 2",
    "stop_timeout": 2,
    "start_timeout": 3,
}
PATIENCE: Mapping[str, object] = {
    "ssh.connect_timeout": "2s",
    "fleet.room_timeout": "1s",
    "restart.drain_timeout": "1s",
    "restart.maint_timeout": "20s",
    "restart.running_timeout": "6s",
    "restart.probation_timeout": "5s",
    "restart.stable": "300ms",
}

READY = FleetServerState(0, "UP", 1)


class Troubled:
    """A fleet that will be hurt, the rollouts over it, and what became of whom."""

    def __init__(self, fleet: Fleet, stack: ExitStack) -> None:
        self.fleet = fleet
        self._stack = stack
        self.settings()
        self.before = fleet.processes()

    def settings(self, **wishes: object) -> None:
        """Write the settings anew, with ``restart__stable="1s"`` for ``restart.stable``."""
        dotted = {key.replace("__", "."): value for key, value in wishes.items()}
        self.fleet.settings({**PATIENCE, **dotted})

    def start(self, *words: str, **streams: object) -> Running:
        running = Running(self.fleet, words or ("restart",), **streams)  # type: ignore[arg-type]
        self._stack.callback(running.stop)
        return running

    def rollout(self, *words: str, timeout: float = 60.0) -> Ended:
        return self.start(*words).end(timeout)

    def admin(self, server: str, balancer: str = "lb1") -> int:
        """The administrative bits of ``app/SERVER``: 0 ready, 1 maint, 8 drain."""
        return self.fleet.balancers[balancer].states()[f"app/{server}"].admin

    def status(self, server: str, balancer: str = "lb1") -> str:
        """HAProxy's word for ``app/SERVER``, such as ``UP 1/2``."""
        return self.fleet.balancers[balancer].states()[f"app/{server}"].status

    @property
    def untouched(self) -> bool:
        """Every server is ready and up on every balancer, every instance the one from before."""
        return self.all_ready and self.fleet.processes() == self.before

    @property
    def all_ready(self) -> bool:
        states = [s for lb in self.fleet.balancers.values() for s in lb.states().values()]
        return all(state == READY for state in states)

    def new_processes(self, host: str) -> bool:
        """Every instance of ``host`` lives, and none is the process from before."""
        now = self.fleet.processes()
        names = [name for name in now if name.startswith(f"{host}/")]
        return all(now[name] not in {None, self.before[name]} for name in names)

    def same(self, host: str) -> bool:
        """Every instance of ``host`` is the process from before."""
        now = self.fleet.processes()
        return all(now[n] == self.before[n] for n in now if n.startswith(f"{host}/"))


class MakeTrouble(Protocol):
    """Start a fleet of the quick shape, with wishes."""

    def __call__(self, **wishes: object) -> Troubled: ...


@pytest.fixture
def trouble_in(make_fleet: MakeFleet) -> Iterator[MakeTrouble]:
    with ExitStack() as stack:

        def make(**wishes: object) -> Troubled:
            shape = Shape(**{**QUICK, **wishes})  # type: ignore[arg-type]
            return Troubled(make_fleet(shape), stack)

        yield make


@pytest.fixture
def shop(trouble_in: MakeTrouble) -> Troubled:
    """Two hosts of one instance behind one balancer."""
    return trouble_in()
