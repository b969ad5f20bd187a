"""``kill -9`` at each event of a run; then ``recover`` and ``resume``, and nobody is missing.

``make sweep`` strikes at every event; here a few are chosen, at least one of every kind of state.
"""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from examples.fleet import Fleet, Shape
from tests.integration.conftest import MakeFleet
from tests.support.killed_runs import (
    Died,
    journals,
    killed_at,
    left_open,
    told_in,
    was_killed,
)
from tests.support.observed_deploy import places
from tests.support.observed_restart import WITHIN, seats_of, visited

FULL = os.environ.get("SWEEP") == "full"

pytestmark = [pytest.mark.integration, pytest.mark.timeout(5400 if FULL else 300)]

EVERY: range | tuple[int, ...] = range(1, 1000)

QUICK: dict[str, object] = {
    "restart.drain_timeout": "1s",
    "restart.running_timeout": "8s",
    "restart.probation_timeout": "8s",
    "restart.stable": "300ms",
}
HELD = "web3"
"""A server that an operator holds in maint all the while."""

SHAPE = Shape(hosts=3, instances=1, boot=0.3, checks="inter 200ms rise 2 fall 2", redispatch=True)
DEPLOYS = Shape(hosts=3, instances=1, boot=0.3, checks="inter 200ms rise 2 fall 2", deploys=True)


class Sweep:
    """A fleet under visitors, on which one run after another is killed."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        fleet.settings(QUICK)
        fleet.balancers["lb1"].command(f"set server app/{HELD} state maint")
        self.servers = seats_of(fleet)
        self.held = {name: process for name, process in fleet.processes().items() if HELD in name}

    def strike(self, number: int, *words: str) -> Died:
        """Kill ``rollout WORDS`` at its event ``number``, and hold what is left to the promises."""
        known = set(self.journals())
        before = self.fleet.processes()
        died = self.kill(number, *words)
        if not was_killed(died):
            return died
        recovered = self.say("recover", "--yes", code={0})
        self.all_as_found(f"recovered after {died.last}")
        if "was verified nowhere: undone on" in recovered:
            self.say("resume", "--yes", code={0, 3})  # 0: it had not been in place everywhere
            self.say("uninterrupted", code={0})
        else:
            self.resume(died)
        self.all_as_found(f"resumed after {died.last}")
        self.restarted_once(before, [j for j in self.journals() if j not in known], died)
        return died

    def resume(self, died: Died) -> None:
        in_place = any(event["event"] == "deploy.in_place" for event in died.events)
        begun = any(event["event"] == "rollout.started" for event in died.events)
        deploy = any(event["event"] == "deploy.started" for event in died.events)
        if (deploy and in_place) or (not deploy and begun):
            self.say("resume", "--yes", code={0})

    def kill(self, number: int, *words: str) -> Died:
        return killed_at(self.fleet, number, *words)

    def journals(self) -> list[Path]:
        return journals(self.fleet)

    def left_open(self) -> list[str]:
        return left_open(self.fleet)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.fleet.rollout(*words, timeout=WITHIN)

    def say(self, *words: str, code: set[int]) -> str:
        done = self.run(*words)
        print(done.stdout, done.stderr, sep="\n")  # noqa: T201 - for the reader of a failure
        assert done.returncode in code, words
        return done.stdout + done.stderr

    def all_as_found(self, when: str) -> None:
        self.fleet.balancers["lb1"].states()
        assert seats_of(self.fleet) == self.servers, when
        assert self.left_open() == [], when
        now = self.fleet.processes()
        assert {name: process for name, process in now.items() if HELD in name} == self.held, when
        assert all(process is not None for process in now.values()), when

    def restarted_once(
        self, before: dict[str, tuple[int, int] | None], runs: list[Path], died: Died
    ) -> None:
        """Hold that nobody was asked twice, but for one whose first request never got through."""
        asked: dict[str, int] = {}
        never: set[str] = set()
        for run in runs:
            for event in told_in(run):
                if event["event"] == "target.restart_asked":
                    asked[str(event["target"])] = asked.get(str(event["target"]), 0) + 1
                if event["event"] == "noted" and "never arrived" in str(event["what"]):
                    never.add(str(event["where"]))
        twice = {name for name, times in asked.items() if times > 1 + (name in never)}
        assert not twice, died.last
        now = self.fleet.processes()
        for name in asked:
            assert now[f"{name}/mongrel_8000"] != before[f"{name}/mongrel_8000"], died.last


def swept(sweep: Sweep, moments: range | tuple[int, ...], *words: str) -> None:
    with visited(sweep.fleet) as stage:
        for number in moments:
            killed = was_killed(sweep.strike(number, *words))
            assert killed or moments is EVERY, number
            if not killed:
                break
    assert stage.tally.failures == ()
    assert stage.tally.requests > 100


def moments_of(sweep: Sweep, wanted: Callable[[list[str]], list[int]], *words: str) -> list[int]:
    """Choose moments by what a whole run tells, which also proves that one goes through."""
    done = sweep.run(*words)
    assert done.returncode == 0, done.stderr
    return wanted([str(event["event"]) for event in told_in(sweep.journals()[-1])])


def one_of_each(kinds: list[str]) -> list[int]:
    """Choose of the kinds of a target's states one each, on the first target or the second."""
    chosen = ("target.claimed", "target.maint", "instance.restarted")
    later = ("target.draining", "target.returned")
    first = [kinds.index(kind) + 1 for kind in chosen]
    second = [len(kinds) - kinds[::-1].index(kind) for kind in later]
    return sorted({*first, *second})


def test_a_restart_that_is_killed_at_any_event_is_recovered_and_resumed(
    make_fleet: MakeFleet,
) -> None:
    sweep = Sweep(make_fleet(SHAPE))
    moments = tuple(moments_of(sweep, one_of_each, "restart"))
    swept(sweep, EVERY if FULL else moments, "restart")


def test_a_restart_that_is_killed_as_it_asks_monit_is_asked_again_only_if_it_never_arrived(
    make_fleet: MakeFleet,
) -> None:
    sweep = Sweep(make_fleet(SHAPE))

    def asking(kinds: list[str]) -> list[int]:
        return [kinds.index("target.restart_asked") + 1]

    moments = tuple(moments_of(sweep, asking, "restart"))
    swept(sweep, moments, "restart")


def test_a_deploy_that_is_killed_at_any_event_is_recovered_and_resumed(
    make_fleet: MakeFleet,
) -> None:
    sweep = Sweep(make_fleet(DEPLOYS))
    sweep.fleet.shop.release()

    def chosen(kinds: list[str]) -> list[int]:
        rolling = ("deploy.in_place", "instance.verified")
        last = len(kinds) - kinds[::-1].index("target.done")
        return sorted({*(kinds.index(kind) + 1 for kind in rolling), last})

    moments = tuple(moments_of(sweep, chosen, "uninterrupted"))
    commit = sweep.fleet.shop.release()
    swept(sweep, EVERY if FULL else moments, "uninterrupted")
    live = {places(sweep.fleet).current[host] for host in ("web1", "web2")}
    assert len(live) == 1
    assert sweep.fleet.hosts["web1"].srv.revision(live.pop()) == commit


@pytest.mark.parametrize("switch", ["each"])
def test_a_deploy_that_switches_host_by_host_is_recovered_onto_what_its_processes_run(
    make_fleet: MakeFleet, switch: str
) -> None:
    sweep = Sweep(make_fleet(DEPLOYS))
    sweep.fleet.settings({**QUICK, "deploy.switch": switch})
    sweep.fleet.shop.release()

    def chosen(kinds: list[str]) -> list[int]:
        rolling = ("current.switched", "instance.restarted")
        return sorted({kinds.index(kind) + 1 for kind in rolling})

    moments = tuple(moments_of(sweep, chosen, "uninterrupted"))
    sweep.fleet.shop.release()
    swept(sweep, EVERY if FULL else moments, "uninterrupted")
    at = places(sweep.fleet)
    assert {at.current[h] for h in ("web1", "web2")} == {
        at.running[f"{h}/mongrel_8000"] for h in ("web1", "web2")
    }
