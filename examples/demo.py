"""A site that is deployed to under traffic, from nothing: ``make demo``.

Starts three hosts with two instances each behind one HAProxy, makes a git repository whose
release 1 is live on them, and sends visitors.  Then release 2 is deployed with the very ``rollout
uninterrupted`` that an operator would run, and after it release 3, which does not boot.

The exit code is 0 only if rollout says 0 for the good release and 7 (rolled back) for the bad one,
if no request failed, if visitors saw releases 1 and 2 and never 3, and if every process at the
end is a new one that runs in release 2.

At the end it names the report of its last run, which stays there in ``build``.

``python -m examples.demo restart`` shows the rolling restart alone.
"""

import argparse
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from examples.fleet import Fleet, Missing, Shape, Tally

Births = dict[str, tuple[int, int] | None]

DONE, ROLLED_BACK = 0, 7

REPORT = Path(__file__).resolve().parent.parent / "build" / "demo-report.html"
"""The report of the last run: what is left of a demo."""


def say(text: str = "") -> None:
    print(text, flush=True)


def run(fleet: Fleet, *words: str) -> int:
    """Show a command of rollout as one would type it here, run it, and return its exit code."""
    program, *rest = fleet.command(*words)
    say(f"\n$ {shlex.join([near(Path(program)), *rest])}")
    start = time.monotonic()
    code = subprocess.run([program, *rest], env=fleet.environment, check=False).returncode
    say(f"(exit {code} after {time.monotonic() - start:.1f} s)")
    return code


def near(path: Path) -> str:
    """Return ``path`` as it is typed from here, where that is shorter."""
    return min(str(path), os.path.relpath(path), key=len)


def write_report(fleet: Fleet) -> None:
    """Write the report of the last run to a file that outlives the fleet."""
    REPORT.parent.mkdir(exist_ok=True)
    run(fleet, "report", "last", "-o", near(REPORT))


def pid(process: tuple[int, int] | None) -> str:
    return f"pid {process[0]}" if process else "gone"


def clock(at: float) -> str:
    return time.strftime("%T", time.gmtime(at))


def report(fleet: Fleet, tally: Tally, before: Births, after: Births) -> None:
    """Tell what became of every process and of every request."""
    say("\nWhat was seen from outside:\n")
    runs = running(fleet)
    for name, process in after.items():
        where = f" in releases/{runs.get(name, '?')}" if fleet.shape.deploys else ""
        say(f"  {name:<20} {pid(before[name])} -> {pid(process)}{where}")
    say()
    for failure in tally.failures[:10]:
        say(f"  {clock(failure.at)} {failure.kind}: {failure.reason}")
    for name, seen in tally.releases.items() if fleet.shape.deploys else ():
        say(
            f"  release {name} answered {seen.answers} requests, "
            f"the first at {clock(seen.first)}, the last at {clock(seen.last)}"
        )
    failed = str(tally.failed or "none")
    say(f"  {tally.requests} requests, {failed} failed; the slowest took {tally.slowest:.2f} s.\n")


def running(fleet: Fleet) -> dict[str, str]:
    """Return the release that each process works in, by ``host/instance``."""
    return {
        f"{name}/{instance}": release
        for name, host in fleet.hosts.items()
        for instance, release in host.running().items()
    }


def noticed(tally: Tally, before: Births, after: Births) -> Iterator[str]:
    """Say in a sentence each what no restart may cause, and which process is an old one."""
    for name, process in after.items():
        if process is None or process == before[name]:
            yield f"{name} is not a new process"
    if tally.failed:
        yield f"{tally.failed} of {tally.requests} requests failed"


def misplaced(fleet: Fleet, tally: Tally, live: set[str]) -> Iterator[str]:
    """Say what is not in release 2; ``live`` is where ``current`` led when that was deployed."""
    if list(tally.releases) != ["1", "2"]:
        yield f"visitors saw the releases {', '.join(tally.releases)}, not 1 and 2"
    if len(live) != 1 or live == {""}:
        yield f"release 2 is not the same directory on all hosts: {', '.join(sorted(live))}"
    if {host.srv.current for host in fleet.hosts.values()} != live:
        yield "`current` does not lead to release 2 on every host"
    for name, release in running(fleet).items():
        if release not in live:
            yield f"{name} runs in {release}"


def restart(fleet: Fleet) -> list[str]:
    """Restart ``fleet`` under traffic; return what went wrong."""
    before = fleet.processes()
    with fleet.visitor() as visitor:
        say("Visitors are coming: quick and slow requests, sticky and not, GET and POST.")
        run(fleet, "status")
        code = run(fleet, "restart", "--yes")
        write_report(fleet)
        time.sleep(1)  # a visitor who comes right after the end must be served too
    after = fleet.processes()
    report(fleet, visitor.tally, before, after)
    wrong = [*noticed(visitor.tally, before, after)]
    return wrong if code == DONE else [f"rollout ended with {code}", *wrong]


def deploy(fleet: Fleet) -> list[str]:
    """Deploy a good release and a bad one under traffic; return what went wrong."""
    fleet.settings({"restart.running_timeout": "15s"})  # long enough for a boot of three seconds
    before = fleet.processes()
    with fleet.visitor() as visitor:
        say(
            "Release 1 is live.  Visitors are coming: quick and slow, sticky and not, GET and POST."
        )
        commit = fleet.shop.release()
        say(f"\nRelease 2 is committed ({commit[:7]}).  What a deploy of it would do:")
        run(fleet, "plan", "uninterrupted")
        say("It is deployed:")
        good = run(fleet, "uninterrupted", "--yes")
        live = {host.srv.current for host in fleet.hosts.values()}
        commit = fleet.shop.release(broken="fail-boot")
        say(f"\nRelease 3 is committed ({commit[:7]}).  It cannot boot; rollout does not know:")
        bad = run(fleet, "uninterrupted", "--yes")
        run(fleet, "releases")
        write_report(fleet)
        time.sleep(1)  # a visitor who comes right after the end must be served too
    after = fleet.processes()
    report(fleet, visitor.tally, before, after)
    wrong = [*noticed(visitor.tally, before, after), *misplaced(fleet, visitor.tally, live)]
    if good != DONE:
        wrong.insert(0, f"the deploy of release 2 ended with {good}")
    if bad != ROLLED_BACK:
        wrong.insert(0, f"the deploy of release 3 ended with {bad}, not {ROLLED_BACK}")
    return wrong


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m examples.demo", description=__doc__)
    parser.add_argument("act", nargs="?", choices=["deploy", "restart"], default="deploy")
    act = parser.parse_args().act
    shape = Shape(deploys=act == "deploy")
    say(
        f"Starting {shape.hosts} hosts with {shape.instances} instances each behind "
        f"{shape.balancers} HAProxy; an instance boots for {shape.boot:g} s ..."
    )
    try:
        with Fleet(shape) as fleet:
            wrong = deploy(fleet) if shape.deploys else restart(fleet)
    except Missing as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
    if wrong:
        sys.exit("The promise was broken: " + "; ".join(wrong))
    if shape.deploys:
        say("Release 2 is live, release 3 was taken back, and no visitor noticed.")
    else:
        say("Every process is new, and no visitor noticed.")
    say(
        "This fleet is gone, and its commands with it. One that stays: "
        f"{near(Path(sys.executable))} -m examples.fleet up; your own: docs/start/your-fleet.md."
    )
    say(f"The report of the last run, to be opened in a browser: {near(REPORT)}")


if __name__ == "__main__":
    main()
