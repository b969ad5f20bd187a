"""A rolling restart under traffic, from nothing: ``make demo``.

Starts three hosts with two instances each behind one HAProxy, sends visitors, runs the very
``rollout restart`` that an operator would run, and says what the visitors and the kernel saw.
The exit code is 0 only if rollout says 0, no request failed, and every process is a new one.
"""

import os
import shlex
import subprocess
import sys
import time

from examples.fleet import Fleet, Missing, Shape, Tally

Births = dict[str, tuple[int, int] | None]


def say(text: str = "") -> None:
    print(text, flush=True)


def run(fleet: Fleet, *words: str) -> int:
    """Show a command of rollout as one would type it here, run it, and return its exit code."""
    program, *rest = fleet.command(*words)
    near = os.path.relpath(program)
    say(f"\n$ {shlex.join([min(program, near, key=len), *rest])}")
    return subprocess.run([program, *rest], env=fleet.environment, check=False).returncode


def pid(birth: tuple[int, int] | None) -> str:
    return f"pid {birth[0]}" if birth else "gone"


def report(tally: Tally, before: Births, after: Births) -> None:
    """Tell what became of every process and of every request."""
    for name, birth in after.items():
        say(f"  {name:<20} {pid(before[name])} -> {pid(birth)}")
    for failure in tally.failures[:10]:
        say(f"  {time.strftime('%T', time.gmtime(failure.at))} {failure.kind}: {failure.reason}")
    failed = str(tally.failed or "none")
    say(f"\n{tally.requests} requests, {failed} failed; the slowest took {tally.slowest:.2f} s.")


def verdict(tally: Tally, before: Births, after: Births, code: int) -> list[str]:
    """Return what went wrong, one sentence each; nothing if the promise was kept."""
    old = [name for name, birth in after.items() if birth is None or birth == before[name]]
    wrong = [f"{name} is not a new process" for name in old]
    if code:
        wrong.append(f"rollout ended with {code}")
    if tally.failed:
        wrong.append(f"{tally.failed} of {tally.requests} requests failed")
    return wrong


def play(fleet: Fleet) -> list[str]:
    """Restart ``fleet`` under traffic; return what went wrong."""
    before = fleet.births()
    with fleet.visitor() as visitor:
        say("Visitors are coming: quick and slow requests, sticky and not, GET and POST.")
        run(fleet, "status")
        start = time.monotonic()
        code = run(fleet, "restart")
        took = time.monotonic() - start
        time.sleep(1)  # a visitor who comes right after the end must be served too
    after = fleet.births()
    say(f"\nrollout ended with {code} after {took:.1f} s.  What was seen from outside:\n")
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
        sys.exit("The promise was broken: " + "; ".join(wrong))
    say("Every process is new, and no visitor noticed.")


if __name__ == "__main__":
    main()
