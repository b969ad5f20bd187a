"""One rollout under traffic: what was there before it, what visitors saw, what is there after."""

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from examples.fleet import Fleet, FleetServerState, Tally

WITHIN = 150.0
"""Seconds that a rollout of these small fleets may take on the slowest machine."""

AFTERWARDS = 1.5
"""Seconds that visitors stay after a run: to meet what it leaves, and to be many in a short one."""

Births = dict[str, tuple[int, int] | None]
Seats = dict[str, dict[str, FleetServerState]]
Event = dict[str, object]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one run; ``before`` and ``after`` are births and servers."""

    done: subprocess.CompletedProcess[str]
    tally: Tally
    processes: tuple[Births, Births]
    servers: tuple[Seats, Seats]

    @property
    def new_processes(self) -> set[str]:
        """The instances (``web1/mongrel_8000``) that live as another process than before."""
        before, after = self.processes
        return {name for name in before if after[name] not in {None, before[name]}}

    def unchanged(self, name: str) -> bool:
        before, after = self.processes
        return before[name] == after[name]


def restart(fleet: Fleet, *words: str, output: str = "plain", pace: float = 0.0) -> Outcome:
    """Run ``rollout restart WORDS`` while visitors are there."""
    with visited(fleet, pace=pace) as stage:
        done = fleet.rollout("--output", output, "restart", *words, timeout=WITHIN)
    return stage.outcome(done)


def served_without_a_failure(outcome: Outcome) -> None:
    """Hold the promise: no request failed, and no kept connection was cut under anybody."""
    assert outcome.tally.failures == ()
    assert outcome.tally.reconnects == 0
    assert outcome.tally.requests > 100


def restarted_whole(outcome: Outcome) -> None:
    """Hold all of it: nobody noticed, all processes are new, every server is as it was found."""
    served_without_a_failure(outcome)
    before, _ = outcome.processes
    assert outcome.new_processes == set(before)
    assert outcome.servers[1] == outcome.servers[0]
    assert outcome.done.returncode == 0
    assert "all serving" in outcome.done.stderr + outcome.done.stdout


@dataclass
class Stage:
    """A fleet with visitors, from before the first change."""

    fleet: Fleet
    processes: Births
    servers: Seats
    tally: Tally = field(init=False)

    def outcome(self, done: subprocess.CompletedProcess[str]) -> Outcome:
        processes = (self.processes, self.fleet.processes())
        outcome = Outcome(done, self.tally, processes, (self.servers, seats_of(self.fleet)))
        print(done.stdout, done.stderr, sep="\n")  # noqa: T201 - for the reader of a failure
        print(  # noqa: T201 - likewise
            f"{self.tally.requests} requests, {self.tally.failed} failed, "
            f"{self.tally.reconnects} reconnects, slowest {self.tally.slowest:.2f}s"
        )
        return outcome


@contextmanager
def visited(fleet: Fleet, *, pace: float = 0.0) -> Iterator[Stage]:
    """Let visitors in for the length of the block; their tally can be read after it.

    The default pace asks as much of a fleet with many frontends as of one with few.
    """
    stage = Stage(fleet, fleet.processes(), seats_of(fleet))
    crowds = len(fleet.balancers) * len(fleet.shape.backends)
    with fleet.visitor(pace=pace or 0.15 * crowds) as visitor:
        yield stage
        time.sleep(AFTERWARDS)
    stage.tally = visitor.tally


def seats_of(fleet: Fleet) -> Seats:
    return {name: balancer.states() for name, balancer in fleet.balancers.items()}


class Watched:
    """A rollout that tells its events while it runs, so that a test can strike at the moment.

    Attributes:
        events: What has been told so far, in order.
    """

    def __init__(self, fleet: Fleet, *words: str, verb: str = "restart") -> None:
        self.events: list[Event] = []
        self._argv = fleet.command("--output", "json", verb, *words)
        self._stderr = tempfile.TemporaryFile(mode="w+")  # noqa: SIM115 - closed in `finish`
        self._process = subprocess.Popen(
            self._argv,
            env=fleet.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            text=True,
        )
        self._limit = time.monotonic() + WITHIN

    def until(self, event: str, target: str | None = None) -> Event:
        """Read on to the next ``event`` of ``target``, or of the whole run."""
        for line in self._lines():
            if (line["event"], line.get("target")) == (event, target):
                return line
        raise AssertionError(f"the run ended without {event} of {target}")

    def until_any(self, *names: str) -> Event:
        """Read on to the next of these events, whatever target it is about."""
        for line in self._lines():
            if line["event"] in names:
                return line
        raise AssertionError(f"the run ended without {' or '.join(names)}")

    def finish(self) -> subprocess.CompletedProcess[str]:
        """Read on to the end."""
        for _ in self._lines():
            continue
        code = self._process.wait(timeout=max(1.0, self._limit - time.monotonic()))
        self._stderr.seek(0)
        said = "\n".join(map(json.dumps, self.events))
        with self._stderr:
            return subprocess.CompletedProcess(self._argv, code, said, self._stderr.read())

    def kill(self) -> None:
        """Let it die as by ``kill -9``."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End a run that a failing test left behind."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._stderr.close()

    def _lines(self) -> Iterator[Event]:
        assert self._process.stdout is not None
        for line in iter(self._process.stdout.readline, ""):
            event: Event = json.loads(line)
            self.events.append(event)
            yield event


@contextmanager
def watched(fleet: Fleet, *words: str, verb: str = "restart") -> Iterator[Watched]:
    """Start ``rollout VERB WORDS``; whatever happens, it has ended after the block."""
    run = Watched(fleet, *words, verb=verb)
    try:
        yield run
    finally:
        run.stop()


def order_of(events: Sequence[Event], kind: str) -> list[object]:
    """Return the targets of all events of one kind, in order."""
    return [event["target"] for event in events if event["event"] == kind]


def events_of(text: str) -> list[Event]:
    return [json.loads(line) for line in text.splitlines()]
