"""The processor time of one live screen, laid out and coloured, for small and large fleets."""

import os
import statistics
import sys
import time
from dataclasses import replace

from rollout import events
from rollout.output.live import Painter
from rollout.output.screen import screen, width_within
from rollout.output.terminal import Size
from rollout.output.view import View
from tests.output.recorded_runs import BEGAN, traffic
from tests.output.screens import Told, usual, view_of

FLEETS = (8, 100, 500)
SIZES = (Size(80, 24), Size(200, 60))


def view_of_a_fleet(count: int) -> View:
    """Return a run that is a third through, with five targets out."""
    names = tuple(f"web{number:03}" for number in range(count))
    third = count // 3
    stream: list[Told] = [
        BEGAN,
        events.RolloutStarted(targets=names, max_out=5, floor="50%"),
        events.TrafficSeen(balancer="lb1", backends=(traffic("lb1", 9),)),
        *(events.TargetDone(target=name, seconds=9.0) for name in names[:third]),
        *(
            events.TargetClaimed(target=name, servers=(f"app/{name}@lb1",))
            for name in names[third : third + 5]
        ),
    ]
    return replace(view_of(stream, 30.0), usual=usual(**dict.fromkeys(names, 9.0)))


def seconds_of_a_screen(view: View, size: Size) -> float:
    painter, start = Painter(colour=True), time.process_time()
    painter.lines(screen(view, size), width_within(size))
    return time.process_time() - start


def main(rounds: int) -> None:
    print(f"load {os.getloadavg()[0]:.1f}, median of {rounds}")
    for count in FLEETS:
        view = view_of_a_fleet(count)
        for size in SIZES:
            spent = statistics.median(seconds_of_a_screen(view, size) for _ in range(rounds))
            print(f"{count:4} targets  {size.columns}x{size.rows}  {spent * 1000:.1f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
