"""What rollout adds to a restart: beside the floor, and beside the same ladder written by hand.

    python -m benchmarks.overhead [rounds] [remote]

One fleet, one visitor, and by turns ``rollout restart`` and ``by_hand.sh``.  Visitors arrive by
chance, so draining and emptying take what they take (0.2 to 4 s a host, for both); the steps after
that are where a difference would be ours.  With ``remote`` HAProxy is on another machine, where
the lock lies as well: each order and each look of both goes by ssh.
"""

import json
import shutil
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from compileall import compile_dir
from pathlib import Path

import rollout
from benchmarks.same_run.children import Ran, load, run
from examples.fleet import Fleet, Shape

SCRIPT = Path(__file__).with_name("by_hand.sh")
CHECKS = 1.0
"""Seconds: ``inter 1s rise 2``; in drain after maint the first success counts as had (measured)."""
LONGEST_REQUEST = 2.0
STABLE = 1.0

WALL_TARGET, CPU_TARGET, RSS_TARGET = 1.05, 1.3, 80.0

MARKS = {
    "target.claimed": "claimed",
    "target.drained": "drained",
    "target.not_drained": "drained",
    "target.empty": "empty",
    "target.restart_asked": "asked",
    "instance.restarted": "reborn",
    "instance.verified": "proven",
    "target.returned": "returned",
    "target.done": "done",
}
STEPS = {
    "claimed": "between two hosts",
    "drained": "draining",
    "empty": "emptying, in maint",
    "asked": "last look, request to monit",
    "reborn": "restart to reborn",
    "proven": "reborn to answering",
    "returned": "probation and return",
    "done": "stable",
}
BY_CHANCE = ("drained", "empty")
"""Steps that wait for visitors, and for nothing else."""

Spans = dict[str, list[float]]


def marks_of(ran: Ran) -> Iterator[tuple[float, str, str]]:
    """When which host came to the end of which step; of several instances, the last counts."""
    for at, line in ran.lines:
        if not line.startswith("{"):
            host, _, mark = line.partition(" ")
            yield at, host, mark
            continue
        event = json.loads(line)
        if event["event"] in MARKS:
            yield at, event["target"], MARKS[event["event"]]


def spans_of(ran: Ran) -> Spans:
    """Seconds of each step on each host, and what came before, between and after."""
    ends: dict[tuple[str, str], float] = {(host, mark): at for at, host, mark in marks_of(ran)}
    spans: Spans = {step: [] for step in STEPS}
    last, first = 0.0, True
    for (_, mark), at in sorted(ends.items(), key=lambda item: item[1]):
        if first:
            spans["start"], first = [at], False
        else:
            spans[mark].append(at - last)
        last = at
    spans["end"] = [ran.wall - last]
    return spans


def by_hand(fleet: Fleet) -> list[str]:
    hosts = [
        f"{name}=" + ",".join(f"http://{host.place.url(port)}/up" for port in host.ports.values())
        for name, host in fleet.hosts.items()
    ]
    socket = str(fleet.balancers["lb1"].socket)
    return [str(SCRIPT), str(fleet.ssh_config), socket, "app", fleet.shape.group, *hosts]


def measure(fleet: Fleet, rounds: int) -> dict[str, list[Ran]]:
    """Run both by turns; either may go first in a round, so that none has the warmer machine."""
    cases = {"rollout": fleet.command("--output", "json", "restart"), "by hand": by_hand(fleet)}
    balancer = {"BALANCER": "lb1"} if fleet.shape.remote_balancers else {}
    took: dict[str, list[Ran]] = {name: [] for name in cases}
    for number in range(rounds):
        for name in list(cases)[:: -1 if number % 2 else 1]:
            ran = run(cases[name], fleet.environment | balancer)
            if ran.code:
                sys.exit(f"{name} ended with {ran.code}: {ran.lines[-1:]}")
            took[name].append(ran)
    return took


def middle(values: Sequence[float]) -> float:
    return statistics.median(values) if values else 0.0


def without_chance(ran: Ran) -> float:
    spans = spans_of(ran)
    return ran.wall - sum(sum(spans[step]) for step in BY_CHANCE)


def show_wall(took: Mapping[str, list[Ran]], shape: Shape) -> None:
    floor = shape.hosts * (shape.boot + CHECKS + LONGEST_REQUEST)
    walls = {name: middle([ran.wall for ran in runs]) for name, runs in took.items()}
    ours = {name: middle([without_chance(ran) for ran in runs]) for name, runs in took.items()}
    each = " ".join(f"{ran.wall:.1f}" for runs in took.values() for ran in runs)
    print(f"Wall time of {shape.hosts} hosts, median (each: {each})")
    print(f"  rollout {walls['rollout']:.2f} s, by hand {walls['by hand']:.2f} s", end="")
    print(f", ratio {walls['rollout'] / walls['by hand']:.3f} (target {WALL_TARGET})")
    print(f"  without the wait for visitors: {ours['rollout']:.2f} s", end="")
    print(f" and {ours['by hand']:.2f} s, ratio {ours['rollout'] / ours['by hand']:.3f}")
    print(f"  floor {floor:.2f} s (boot, checks, longest request): ", end="")
    print(f"rollout {walls['rollout'] / floor:.3f}, by hand {walls['by hand'] / floor:.3f};")
    asked = floor + shape.hosts * STABLE
    print(f"  with the {STABLE:g} s `stable` that both were asked for: ", end="")
    print(f"rollout {walls['rollout'] / asked:.3f}, by hand {walls['by hand'] / asked:.3f}")


def show_steps(took: Mapping[str, list[Ran]]) -> None:
    print(f"\nWhat the rest is: {'seconds a host, medians':<26} rollout   by hand  difference")
    spans = {name: [spans_of(ran) for ran in runs] for name, runs in took.items()}
    rows = {"start": "start to the first host (once)", **STEPS, "end": "the end (once)"}
    for step, words in rows.items():
        values = [middle([v for one in each for v in one[step]]) for each in spans.values()]
        chance = "  by chance" if step in BY_CHANCE else ""
        difference = values[0] - values[1]
        print(f"  {words:<42} {values[0]:8.3f}  {values[1]:8.3f}  {difference:+8.3f}{chance}")


def show_cost(took: Mapping[str, list[Ran]]) -> None:
    print("\nCost of the whole run, medians")
    for name, runs in took.items():
        cpu, rss = middle([ran.cpu for ran in runs]), middle([ran.rss for ran in runs])
        print(f"  {name:<8} {cpu:6.2f} s of processor   {rss:5.0f} MB at most")
    print(f"  targets for rollout: {CPU_TARGET:g} s, {RSS_TARGET:g} MB", end="")
    print("; by hand counts ssh, socat and awk, not the masters that ssh leaves in the background")


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    remote = sys.argv[2:] == ["remote"]
    if missing := [name for name in ("bash", "curl", "socat", "ssh") if not shutil.which(name)]:
        sys.exit(f"by_hand.sh needs {', '.join(missing)}")
    compile_dir(Path(rollout.__file__).parent, quiet=1)
    shape = Shape(remote_balancers=remote)
    with Fleet(shape) as fleet:
        before = load()
        with fleet.visitor() as visitor:
            took = measure(fleet, rounds)
        tally = visitor.tally
    show_wall(took, shape)
    show_steps(took)
    show_cost(took)
    print(
        f"\n{tally.requests} requests, {tally.failed} failed, slowest {tally.slowest:.1f} s", end=""
    )
    print(f"; {before} at the start, {load()} at the end")


if __name__ == "__main__":
    main()
