"""What a run says that visitors met, beside what visitors, HAProxy's log and the clock say.

Granularity: HAProxy counts a request when it ends, so one that is under way at a reading counts
with the next one.  Where all visitors come after the first reading and have left before the last,
no request is on an edge, and the numbers are equal, not nearly equal.
"""

import os
import re
import signal
import socket
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from threading import Event as Flag
from threading import Thread
from typing import Any, Self

import pytest

from examples.fleet import Fleet, Shape, Tally
from tests.integration.conftest import MakeFleet
from tests.support.observed_restart import Watched, watched

pytestmark = pytest.mark.integration

QUICK = Shape(hosts=3, instances=1, boot=0.5)


def ask(
    fleet: Fleet, page: str, *, times: int = 1, gone_after: float = 0.0, lb: str = "lb1"
) -> int:
    """Ask for ``page`` on connections of their own; return how often; some do not wait."""
    place = fleet.balancers[lb].url.removeprefix("http://").rstrip("/")
    address, _, port = place.rpartition(":")
    for _ in range(times):
        with socket.create_connection((address.strip("[]"), int(port)), timeout=10) as wire:
            wire.sendall(
                f"GET /{page} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n".encode()
            )
            if gone_after:
                time.sleep(gone_after)
                continue
            while wire.recv(4096):
                continue
    return times


def impact_of(run: Watched) -> Any:  # noqa: ANN401 - JSON
    """Return the impact of a run's summary, which is that of its last reading."""
    summary = run.events[-1]
    assert summary["event"] == "summary"
    (measured,) = (one for one in run.events if one["event"] == "impact.measured")
    impact: Any = summary["impact"]
    assert impact["backends"] == measured["backends"]
    assert impact["gaps"] == measured["gaps"]
    return impact


def counted(impact: Any, name: str = "requests") -> dict[str, int]:  # noqa: ANN401 - JSON
    places = {f"{one['balancer']}/{one['backend']}": one for one in impact["backends"]}
    return {place: one["counters"][name] for place, one in places.items()}


def asked_by(fleet: Fleet, tally: Tally) -> Mapping[str, int]:
    """Count the visitors' own requests by load balancer and backend."""
    asked: Counter[str] = Counter()
    for kind, requests in tally.kinds.items():
        where = kind.split()[-1]
        name = next(n for n, lb in fleet.balancers.items() if lb.url.rstrip("/").endswith(where))
        backend = re.search(r" /(\w+) ", kind)
        asked[f"{name}/{backend[1] if backend else fleet.shape.backends[0]}"] += requests
    return asked


def unwell(fleet: Fleet, host: str) -> None:
    """Let the instances of a host answer 500 to all their visitors for a second."""
    for process in fleet.hosts[host].processes().values():
        assert process is not None
        os.kill(process[0], signal.SIGUSR1)


@pytest.mark.parametrize(
    ("shape", "words", "verb"),
    [
        pytest.param(
            Shape(hosts=3, instances=2, boot=0.5, balancers=2, backends=("app", "api")),
            [],
            "restart",
            id="two load balancers, two backends",
        ),
        pytest.param(
            Shape(hosts=2, instances=2, boot=0.5, lines="instance", balancers=2),
            ["--by", "instance"],
            "restart",
            id="by instance",
        ),
        pytest.param(
            Shape(hosts=3, instances=1, boot=0.5, deploys=True), [], "uninterrupted", id="a deploy"
        ),
    ],
)
def test_the_numbers_are_those_of_the_visitors(
    make_fleet: MakeFleet, shape: Shape, words: list[str], verb: str
) -> None:
    fleet = make_fleet(shape)
    if shape.deploys:
        fleet.shop.release()
    crowds = len(fleet.balancers) * len(shape.backends)
    with watched(fleet, *words, verb=verb) as run:
        run.until("rollout.started")  # the first reading was before
        with fleet.visitor(pace=0.1 * crowds) as visitor:
            oops = ask(fleet, "oops", times=7)
            cut = ask(fleet, "cut", times=5)
            half = ask(fleet, "half", times=3)
            gone = ask(fleet, "slow?ms=900", times=2, gone_after=0.1)
            unwell(fleet, f"web{shape.hosts}")
            for _ in range(1 if shape.hosts == 2 else 2):
                run.until_any("target.done")
            tally = visitor.leave()
        done = run.finish()
    assert done.returncode == 0, done.stderr
    impact = impact_of(run)
    own = oops + cut + half + gone
    expected = Counter(asked_by(fleet, tally)) + Counter({f"lb1/{shape.backends[0]}": own})
    assert tally.reconnects == 0
    assert counted(impact) == dict(expected)

    answered_500 = [f for f in tally.failures if f.reason == "answered 500"]
    assert len(answered_500) == len(tally.failures) > 0, "of the host that was unwell"
    total = {
        name: sum(counted(impact, name).values()) for name in impact["backends"][0]["counters"]
    }
    assert total["responses_5xx"] == len(answered_500) + oops + cut
    assert total["server_aborts"] == half
    assert total["connect_errors"] == 0
    by_server = sum(rose["responses_5xx"] for rose in impact["servers"].values())
    assert by_server == len(answered_500) + oops, "a 502 is HAProxy's own"
    assert (impact["gaps"], impact["unread"], impact["cut"]) == ([], {}, 0)
    for one in impact["backends"]:
        members = shape.hosts * (shape.instances if shape.lines == "instance" else 1)
        assert (one["members"], one["lowest"]) == (members, members - 1)


def test_haproxys_log_between_first_and_last_reading_has_as_many_lines(
    make_fleet: MakeFleet,
) -> None:
    """Visitors that stay over both edges: what is under way there may be counted or not."""
    fleet = make_fleet(QUICK)
    with fleet.visitor(pace=0.05) as visitor, watched(fleet) as run:
        done = run.finish()
        time.sleep(0.5)
        visitor.leave()
    assert done.returncode == 0
    readings = [one for one in run.events if one["event"] == "traffic.seen"]
    first, last = (moment(str(one["at"])) for one in (readings[0], readings[-1]))
    log = (fleet.balancers["lb1"].directory / "haproxy.log").read_text()
    ended = list(ends_of_requests(log))
    inside = sum(first < end < last for end in ended)
    edge = sum(min(abs(end - first), abs(end - last)) <= EDGE for end in ended)
    measured = sum(counted(impact_of(run)).values())
    print(f"{measured} measured, {inside} logged, {edge} on the edges")  # noqa: T201
    assert abs(measured - inside) <= edge
    assert measured > 200 > 10 * edge


EDGE = 0.02
"""Seconds around a reading in which a request may be on either side: the stamp is put on when the
reply was read."""


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


LOGGED = re.compile(
    r"\[(\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d\.\d{3})\] \S+ \S+ [\d-]+/[\d-]+/[\d-]+/[\d-]+/(\d+) "
)


def ends_of_requests(log: str) -> Iterator[float]:
    """Yield when each request of HAProxy's log ended: its beginning and its whole time."""
    for stamp, milliseconds in LOGGED.findall(log):
        began, _, fraction = stamp.partition(".")
        seconds = time.mktime(time.strptime(began, "%d/%b/%Y:%H:%M:%S"))
        yield seconds + int(fraction) / 1000 + int(milliseconds) / 1000


@pytest.mark.parametrize("reason", ["reload", "cleared"])
def test_across_a_reload_or_a_clearing_the_loss_is_said_and_the_number_is_a_lower_bound(
    make_fleet: MakeFleet, reason: str
) -> None:
    fleet = make_fleet(QUICK)
    lb1 = fleet.balancers["lb1"]
    with watched(fleet) as run:
        run.until("rollout.started")
        with fleet.visitor(pace=0.05) as visitor:
            run.until_any("target.done")
            if reason == "reload":
                lb1.reload()
            else:
                lb1.command("clear counters all")
            run.until_any("target.done")
            tally = visitor.leave()
        done = run.finish()
    assert done.returncode == 0
    impact = impact_of(run)
    (gap,) = impact["gaps"]
    assert (gap["balancer"], gap["reason"]) == ("lb1", reason)
    assert 0 < gap["seconds"] < 3
    measured = sum(counted(impact).values())
    rate = tally.requests / 10
    print(f"{measured} measured of {tally.requests}, a gap of {gap['seconds']:.2f}s")  # noqa: T201
    assert tally.requests - gap["seconds"] * 4 * rate < measured <= tally.requests


class Clock:
    """Looks at a server every few milliseconds, and knows when it was out of rotation.

    It is out from the first administrative state that is not ready until HAProxy calls it up.
    """

    def __init__(self, fleet: Fleet, server: str) -> None:
        self.spans: list[tuple[float, float]] = []
        self._lb = fleet.balancers["lb1"]
        self._server = server
        self._over = Flag()
        self._thread = Thread(target=self._look)

    def _look(self) -> None:
        began = None
        while not self._over.is_set():
            with suppress(OSError):
                seen = self._lb.states()[self._server]
                now, serves = time.monotonic(), not seen.admin and seen.status == "UP"
                if seen.admin and began is None:
                    began = now
                if serves and began is not None:
                    self.spans.append((began, now))
                    began = None
            time.sleep(0.01)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def seconds(self) -> float:
        """The length of the first span; of an untouched target that is resumed there is another."""
        began, ended = self.spans[0]
        return ended - began


@contextmanager
def killed(fleet: Fleet, event: str) -> Iterator[Watched]:
    """Let a run die at an event of web1."""
    with watched(fleet) as run:
        run.until(event, "web1")
        run.kill()
        yield run


@pytest.mark.parametrize("event", ["target.maint", "target.restart_asked"])
@pytest.mark.parametrize("verb", ["recover", "resume"])
def test_the_time_out_over_a_killed_run_and_the_next_is_that_of_another_clock(
    make_fleet: MakeFleet, event: str, verb: str
) -> None:
    fleet = make_fleet(QUICK)
    with Clock(fleet, "app/web1") as clock:
        with killed(fleet, event):
            time.sleep(3)
        with watched(fleet, "--yes", verb=verb) as run:
            run.until("recovery.started")
            with fleet.visitor(pace=0.05) as visitor:
                run.until_any("target.recovered", "target.done")
                tally = visitor.leave()
            done = run.finish()
        time.sleep(0.1)
    assert done.returncode == 0, done.stderr
    ends: list[Any] = [e for e in run.events if e["event"] in {"target.recovered", "target.done"}]
    told = ends[0]["seconds"]
    print(f"{told:.3f}s told, {clock.seconds:.3f}s seen")  # noqa: T201
    assert clock.seconds > 3
    busy = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    assert told == pytest.approx(clock.seconds, abs=0.1 * busy)
    impact = impact_of(run)
    if verb == "resume":
        assert counted(impact) == {"lb1/app": tally.requests}
    else:
        assert 0 < counted(impact)["lb1/app"] <= tally.requests
    assert impact["gaps"] == []
