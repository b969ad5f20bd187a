"""The visitor as a value of a ``with`` block: traffic inside it, the tally after it."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from examples.fleet.household import ROOT


@dataclass(frozen=True, slots=True)
class Failure:
    """One request that was not served: when (Unix time), whose, and why."""

    at: float
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class Served:
    """How often a release answered; ``first`` and ``last`` are Unix times of whole answers."""

    answers: int
    first: float
    last: float


@dataclass(frozen=True, slots=True)
class Tally:
    """The visitor's account; see ``examples/visitor.py`` for what counts as a failure.

    Attributes:
        requests: All that were made, the failed included.
        failures: Every one that was not served.
        reconnects: GETs repeated because a kept connection was closed at the same moment.
        slowest: Seconds that the slowest request took, repeats included.
        kinds: Requests by kind of client (``"slow kept sticky 127.1.2.201:8080"``).
        served_by: Answers by instance (``"web1/mongrel_8000"``).
        releases: By release, in the order in which they were first seen.  A release of the shop
            is called by its number, another by its directory.
    """

    requests: int
    failures: tuple[Failure, ...]
    reconnects: int
    slowest: float
    kinds: Mapping[str, int]
    served_by: Mapping[str, int]
    releases: Mapping[str, Served]

    @property
    def failed(self) -> int:
        return len(self.failures)


class Visit:
    """A visitor process; ``tally`` can be read after the block."""

    def __init__(self, urls: Sequence[str], prefixes: Sequence[str], *, pace: float) -> None:
        script = str(ROOT / "examples" / "visitor.py")
        options = ["--pace", str(pace), *(f"--prefix={prefix}" for prefix in prefixes)]
        self._argv = [sys.executable, "-I", "-S", script, *options, *urls]
        self._tally: Tally | None = None

    def __enter__(self) -> Self:
        """Return once every client has been served."""
        self._process = subprocess.Popen(
            self._argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline() != "ready\n":
            raise RuntimeError("the visitor did not start")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.leave()

    def leave(self) -> Tally:
        """Let the visitor finish what is in flight and say how it went."""
        if self._tally is None:
            try:
                text, _ = self._process.communicate(timeout=30)
            finally:
                self._process.kill()
            said = json.loads(text)
            failures = tuple(Failure(**failure) for failure in said.pop("failures"))
            releases = {name: Served(**seen) for name, seen in said.pop("releases").items()}
            self._tally = Tally(failures=failures, releases=releases, **said)
        return self._tally

    @property
    def tally(self) -> Tally:
        """What the visitor saw; leaves first if it is still there."""
        return self.leave()
