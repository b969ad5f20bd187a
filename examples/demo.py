"""A rolling restart under traffic, from nothing: ``make demo``.

Starts three hosts with two instances each behind one HAProxy, sends visitors, runs the very
``rollout restart`` that an operator would run, and says what the visitors and the kernel saw.
The exit code is 0 only if rollout says 0, no request failed, and every process is a new one.
"""

import shlex
import subprocess
import sys
import time

from examples.fleet import Fleet, Missing, Shape, Tally

Births = dict[str, tuple[int, int] | None]


def say(text: str = "") -> None:
    print(text, flush=True)


def show_serving(fleet: Fleet) -> None:
    for name, state in fleet.balancers["lb1"].states().items():
        say(f"  {name:<12} {state.status}")
    for name, birth in fleet.births().items():
        say(f"  {name:<20} pid {birth[0] if birth else 'none'}")


def verdict(tally: Tally, before: Births, after: Births, code: int) -> list[str]:
    """Return what went wrong, one sentence each; nothing if the promise was kept."""
    old = [name for name, birth in after.items() if birth is None or birth == before[name]]
    wrong = [f"{name} is not a new process" for name in old]
    if code:
        wrong.append(f"rollout ended with {code}")
    if tally.failed:
        wrong.append(f"{tally.failed} of {tally.requests} requests failed")
    return wrong


def report(tally: Tally, before: Births, after: Births) -> None:
    for name, birth in after.items():
        was, now = before[name], birth
        say(f"  {name:<20} pid {was[0] if was else 'none'} -> {now[0] if now else 'none'}")
    say(f"  {tally.requests} requests, {tally.failed} failed, slowest {tally.slowest:.2f} s")
    for failure in tally.failures[:10]:
        say(f"    {time.strftime('%T', time.gmtime(failure.at))} {failure.kind}: {failure.reason}")


def play(fleet: Fleet) -> list[str]:
    """Restart ``fleet`` under traffic; return what went wrong."""
    say("It serves:")
    show_serving(fleet)
    before = fleet.births()
    command = fleet.command("restart")
    with fleet.visitor() as visitor:
        say(f"\nVisitors are coming. Now:\n\n$ {shlex.join(command)}")
        start = time.monotonic()
        code = subprocess.run(command, env=fleet.environment, check=False).returncode
        took = time.monotonic() - start
        time.sleep(1)  # a visitor who comes right after the end must be served too
    after = fleet.births()
    say(f"\nrollout ended with {code} after {took:.1f} s.  What was seen:")
    report(visitor.tally, before, after)
    return verdict(visitor.tally, before, after, code)


def main() -> None:
    shape = Shape()
    say(
        f"Starting {shape.hosts} hosts with {shape.instances} instances each behind "
        f"{shape.balancers} HAProxy; an instance boots for {shape.boot:g} s ..."
    )
    try:
        with Fleet(shape) as fleet:
            wrong = play(fleet)
    except Missing as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
    if wrong:
        sys.exit("\nThe promise was broken: " + "; ".join(wrong))
    say("\nEvery process is new, and no visitor noticed.")


if __name__ == "__main__":
    main()
