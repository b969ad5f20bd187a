"""How near a plan comes to the run: the time of `rollout plan restart` beside a run that follows.

    python -m benchmarks.expected_time [rounds]

The fleet of the demo, without visitors.  Five runs fill the journals; then each round plans, runs,
and compares the planned median with the time that the run says of itself.  The wall time beside it
has the start of Python as well.
"""

import json
import os
import sys
import time

from examples.fleet import Fleet, Shape

WITHIN = 0.2
"""How far the planned time may be from the run's, as a share of the run's."""

BEFORE = 5
"""Runs that the journals know when the first plan is made."""


def run(fleet: Fleet, *words: str) -> tuple[float, float]:
    """Run ``rollout restart``; return the seconds that it says it took, and the wall time."""
    began = time.monotonic()
    done = fleet.rollout("--output", "json", "restart", *words)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    summary = json.loads(done.stdout.splitlines()[-1])
    return float(summary["seconds"]), time.monotonic() - began


def compare(fleet: Fleet, *words: str) -> float:
    """Plan, run, print both, and return how far they are apart, as a share of the run."""
    said = json.loads(fleet.rollout("plan", "restart", *words, "--output", "json").stdout)
    planned, slow = said["time"]["usual_seconds"], said["time"]["slow_seconds"]
    took, wall = run(fleet, *words)
    apart = planned / took - 1
    shown = " ".join(words) or "one at a time"
    print(
        f"{shown}: planned {planned:.1f} s (p90 {slow:.1f} s), took {took:.1f} s: {apart:+.1%}; "
        f"wall {wall:.1f} s, load {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    return abs(float(apart))


def main(rounds: int) -> int:
    """Print each comparison; 1 where one is further apart than :data:`WITHIN`."""
    with Fleet(Shape()) as fleet:
        for _ in range(BEFORE):
            run(fleet)
        apart = [compare(fleet) for _ in range(rounds)]
        apart.append(compare(fleet, "--max-out", "2"))
        apart.append(compare(fleet, "--canary", "1", "--soak", "4s"))
    return int(max(apart) > WITHIN)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 2))
