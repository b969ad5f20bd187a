"""What a run tells to type is typed, literally, in the state in which it is told.

Each run meets one disturbance at one event.  Then a tired operator types what the screen says, at
most three lines, until the fleet is whole; after each line an independent look at HAProxy and the
processes checks what the summary claims.  ``make sweep`` does it at every event.
"""

import os
import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

import pytest

from examples.fleet import Fleet, Shape, until
from tests.integration.conftest import MakeFleet
from tests.integration.trouble.conftest import PATIENCE
from tests.support.advice import Typed, commands_in, steps_in, type_line
from tests.support.observed_deploy import places
from tests.support.patched_rollout import run_patched

FULL = os.environ.get("SWEEP") == "full"

pytestmark = [pytest.mark.integration, pytest.mark.timeout(5400 if FULL else 300)]

SHAPE = Shape(
    hosts=3,
    instances=1,
    balancers=2,
    boot=0.3,
    checks="inter 200ms rise 2 fall 2",
    redispatch=True,
    stop_timeout=2,
    start_timeout=3,
)
FATED = """\
import subprocess, sys
from rollout.__main__ main_import
from rollout.output import jsonl

kind, count, line = sys.argv.pop(1), int(sys.argv.pop(1)), sys.argv.pop(1)
show, seen = jsonl.JsonLines.show, []

def shown(self, told):
    show(self, told)
    if told.event.wire == kind:
        seen.append(told)
        if len(seen) == count:
            subprocess.run(["sh", "-c", line], check=False)

jsonl.JsonLines.show = shown
main()
""".replace("__main__ main_import", "__main__ import main")
"""rollout, with one thing added: at an event it lets a shell do something to the fleet."""

GOES_ON = ("old code", "bring back", "go on", "go back", "once fixed", "again", "or back")
ROW = re.compile(r"^  (web\d)\S* {2,}(\S+(?: \S+)*?(?: \(\w+\))?)(?: {2,}|$)", re.MULTILINE)
OUT = re.compile(r"(web\d(?:, web\d)*) (?:is|are) OUT OF ROTATION")
READY = {"UP", "no check"}


@dataclass
class Disturbance:
    """What happens at an event.

    Attributes:
        line: What a shell does to the fleet or the run.
        mends: What the operator mends, once the summary has named it.
        named: What the summary must name then.
        theirs: Servers that are an operator's from then on.
        given_back: How the operator gives them back; done before a line that says it needs that.
    """

    line: Callable[[Fleet], str]
    mends: Callable[[Fleet], None] | None = None
    named: str = ""
    theirs: frozenset[str] = frozenset()
    given_back: Callable[[Fleet], None] | None = None
    before: Callable[[Fleet], None] = field(default=lambda _: None)


def pid_of_lb2(fleet: Fleet) -> str:
    info = fleet.balancers["lb2"].process()
    return info.split()[0]


def take_web3(fleet: Fleet) -> str:
    socket = fleet.balancers["lb1"].directory / "admin.sock"
    return f"echo 'set server app/web3 state maint' | socat - UNIX-CONNECT:{socket}"


def give_back_web3(fleet: Fleet) -> None:
    fleet.balancers["lb1"].command("set server app/web3 state ready")


def kill_monit_of_web1(fleet: Fleet) -> str:
    return f"kill -9 $(cat {fleet.hosts['web1'].directory}/monit.pid)"


def start_lb2(fleet: Fleet) -> None:
    fleet.balancers["lb2"].kill()
    fleet.balancers["lb2"].start()


def start_monit_of_web1(fleet: Fleet) -> None:
    fleet.hosts["web1"].start_monit()


def break_web1(fleet: Fleet) -> None:
    fleet.hosts["web1"].misbehave("hang-boot")


def mend_web1(fleet: Fleet) -> None:
    fleet.hosts["web1"].heal()
    fleet.hosts["web1"].kill_instance("mongrel_8000")


def mend_release(fleet: Fleet) -> None:
    fleet.shop.release()


DISTURBANCES = {
    "killed": Disturbance(lambda _: "kill -9 $PPID"),
    "two Ctrl-C": Disturbance(lambda _: "kill -INT $PPID; sleep 0.1; kill -INT $PPID"),
    "monit dead": Disturbance(kill_monit_of_web1, start_monit_of_web1, "monit"),
    "lb2 dead": Disturbance(lambda f: f"kill -9 {pid_of_lb2(f)}", start_lb2, "lb2"),
    "web3 taken": Disturbance(take_web3, theirs=frozenset({"web3"}), given_back=give_back_web3),
    "broken release": Disturbance(lambda _: "true", mend_release, "did not come up"),
    "web1 broken": Disturbance(lambda _: "true", mend_web1, "web1", before=break_web1),
}
MOMENTS = (
    ("killed", "target.restart_asked", 1),
    ("two Ctrl-C", "target.maint", 1),
    ("monit dead", "target.maint", 1),
    ("lb2 dead", "instance.verified", 1),
    ("web3 taken", "target.maint", 1),
    ("web1 broken", "target.draining", 1),
)
EVERY = tuple(
    (what, f"{at}", count)
    for what in set(DISTURBANCES) - {"broken release"}
    for count in (1, 2)
    for at in (
        *("target.claimed", "target.draining", "target.drained", "target.maint", "target.empty"),
        *("target.restart_asked", "instance.restarted", "instance.verified", "target.probation"),
        *("target.returned", "target.done"),
    )
)
IN_A_DEPLOY = (
    ("killed", "deploy.in_place", 1, "together"),
    ("killed", "target.restart_asked", 1, "each"),
    ("lb2 dead", "target.draining", 2, "each"),
    ("web3 taken", "target.done", 1, "together"),
    ("broken release", "target.draining", 1, "each"),
)
IN_A_ROLLBACK = (
    ("killed", "target.maint", 1, "together"),
    ("two Ctrl-C", "target.done", 1, "each"),
    ("web1 broken", "target.draining", 1, "together"),
)
EVERY_OF_A_DEPLOY = (
    *((what, at, count) for what, at, count in EVERY if what != "web1 broken"),
    *(
        (what, at, count)
        for what in ("killed", "two Ctrl-C", "monit dead", "lb2 dead", "web3 taken")
        for at in ("deploy.started", "deploy.step", "deploy.step_done", "current.switched")
        for count in (1, 3)
    ),
    *((what, "deploy.in_place", 1) for what in DISTURBANCES),
)


def both_ways(moments: Iterable[tuple[str, str, int]]) -> Iterator[tuple[str, str, int, str]]:
    """Give each moment with both ways in which `current` moves."""
    return ((*moment, switch) for moment in moments for switch in ("together", "each"))


@pytest.mark.parametrize(("what", "at", "count"), EVERY if FULL else MOMENTS)
def test_what_a_restart_tells_to_type_makes_the_fleet_whole(
    make_fleet: MakeFleet, what: str, at: str, count: int
) -> None:
    fleet, disturbance = make_fleet(SHAPE), DISTURBANCES[what]
    fleet.settings({**PATIENCE, "restart.stable": "300ms"})
    disturbance.before(fleet)
    before = fleet.processes()
    follow(fleet, disturbed(fleet, disturbance, at, count, "restart"), disturbance, before)


@pytest.mark.parametrize(
    ("what", "at", "count", "switch"), both_ways(EVERY_OF_A_DEPLOY) if FULL else IN_A_DEPLOY
)
def test_what_a_deploy_tells_to_type_makes_the_fleet_whole(
    make_fleet: MakeFleet, what: str, at: str, count: int, switch: str
) -> None:
    fleet, disturbance = make_fleet(replace(SHAPE, deploys=True)), DISTURBANCES[what]
    fleet.settings({**PATIENCE, "restart.stable": "300ms", "deploy.switch": switch})
    fleet.shop.release(broken="fail-boot" if what == "broken release" else "")
    before = fleet.processes()
    follow(fleet, disturbed(fleet, disturbance, at, count, "uninterrupted"), disturbance, before)
    one_release(fleet, disturbance)


@pytest.mark.parametrize(
    ("what", "at", "count", "switch"), both_ways(EVERY) if FULL else IN_A_ROLLBACK
)
def test_what_a_rollback_tells_to_type_makes_the_fleet_whole(
    make_fleet: MakeFleet, what: str, at: str, count: int, switch: str
) -> None:
    fleet, disturbance = make_fleet(replace(SHAPE, deploys=True)), DISTURBANCES[what]
    fleet.settings({**PATIENCE, "restart.stable": "300ms", "deploy.switch": switch})
    fleet.shop.release()
    assert fleet.rollout("uninterrupted").returncode == 0
    disturbance.before(fleet)
    before = fleet.processes()
    follow(fleet, disturbed(fleet, disturbance, at, count, "rollback"), disturbance, before)
    one_release(fleet, disturbance)


@pytest.mark.parametrize("switch", ["together", "each"])
def test_what_a_stopped_deploy_tells_to_type_makes_the_fleet_whole(
    make_fleet: MakeFleet, switch: str
) -> None:
    fleet, disturbance = make_fleet(replace(SHAPE, deploys=True)), DISTURBANCES["broken release"]
    policy = {"deploy.switch": switch, "deploy.on_failure": "stop"}
    fleet.settings({**PATIENCE, "restart.stable": "300ms", **policy})
    fleet.shop.release(broken="fail-boot@web2")
    before, unmended = fleet.processes(), replace(disturbance, mends=None)
    stopped = disturbed(fleet, unmended, "target.draining", 1, "uninterrupted")
    steps = dict(reversed(steps_in(stopped.summary)))
    typed = stopped
    if switch == "each":  # the release cannot come up: this fails, and must not be all that is said
        typed = type_line(fleet, steps["bring back"])
        assert typed.code == 6
    follow(fleet, typed, unmended, before)
    assert type_line(fleet, steps["or back"]).code == 0
    one_release(fleet, disturbance)


def one_release(fleet: Fleet, disturbance: Disturbance) -> None:
    """Hold that ``current`` and all processes are on one release, but on hosts of an operator."""
    at_rest, taken = places(fleet), disturbance.theirs
    on = {release for name, release in at_rest.running.items() if name.split("/")[0] not in taken}
    to = {release for host, release in at_rest.current.items() if host not in taken}
    assert on == to, "`current` leads to what the processes run"
    assert len(on) == 1, "and that is one release on all hosts"


def disturbed(fleet: Fleet, disturbance: Disturbance, at: str, count: int, *words: str) -> Typed:
    """Run ``rollout WORDS``, disturbed when it tells the event ``at`` for the ``count``-th time."""
    line = disturbance.line(fleet)
    done = run_patched(fleet, FATED, at, str(count), line, words=words, timeout=120)
    return Typed(f"rollout {shlex.join(words)}", done.returncode, "\n" + done.stderr)


def follow(
    fleet: Fleet,
    typed: Typed,
    disturbance: Disturbance,
    before: dict[str, tuple[int, int] | None],
) -> None:
    """Type what the screen says until the fleet is whole, and check each claim on the way."""
    transcript = [f"$ {typed.line}\n{typed.said}"]
    for number in range(4):
        if "\nrollout: " in typed.said and typed.code >= 0:
            wrong = false_claims(fleet, typed, disturbance, before)
            assert wrong == [], "\n".join(transcript)
        if disturbance.mends is not None:
            assert typed.code == 0 or disturbance.named in typed.summary, "\n".join(transcript)
            disturbance.mends(fleet)
            disturbance = replace(disturbance, mends=None)
            until(lambda: alive(fleet), "every process lives", 20)
        if typed.code == 0 and not commands_in(typed.summary):
            break
        line = next_line(typed)
        assert line, f"nothing to type\n{chr(10).join(transcript)}"
        assert number < 3, f"after three lines the fleet is not whole\n{chr(10).join(transcript)}"
        if (
            "once their servers are ready again" in typed.summary
            and disturbance.given_back is not None
        ):
            disturbance.given_back(fleet)
            disturbance = replace(disturbance, theirs=frozenset())
        before = fleet.processes()
        typed = type_line(fleet, line)
        transcript.append(f"$ {line}\n{typed.said}")
    print("\n".join(transcript))  # noqa: T201 - for the reader of a failure
    assert whole(fleet, disturbance)


def next_line(typed: Typed) -> str:
    """Choose as an operator does: what brings back, then what goes on; after a death, once more."""
    if typed.code < 0:
        return typed.line
    steps = dict(reversed(steps_in(typed.summary)))
    for label in GOES_ON:
        if label in steps:
            return steps[label]
    return next(iter(commands_in(typed.summary)), "")


def false_claims(
    fleet: Fleet,
    typed: Typed,
    disturbance: Disturbance,
    before: dict[str, tuple[int, int] | None],
) -> list[str]:
    """Hold what a summary says against HAProxy and the processes."""
    wrong, now = [], fleet.processes()
    admin = {host: bits(fleet, host) for host in fleet.hosts}
    for host, standing in ROW.findall(typed.summary):
        new = [now[name] != before[name] for name in now if name.startswith(f"{host}/")]
        if standing == "restarted" and not all(new) and "by run" not in typed.summary:
            wrong.append(f"{host} is called restarted")
        if standing in {"not restarted", "put back"} and any(new):
            wrong.append(f"{host} is called {standing}, and has a new process")
        ready = standing in {"not restarted", "put back", "restarted"}
        if ready and any(admin[host]) and host not in disturbance.theirs:
            wrong.append(f"{host} is called {standing}, and HAProxy has {admin[host]}")
        if standing == "out (maint)" and set(admin[host]) != {1}:
            wrong.append(f"{host} is called in maint, and HAProxy has {admin[host]}")
    out = [host for host in fleet.hosts if any(admin[host]) and host not in disturbance.theirs]
    sentence = " ".join(typed.summary.partition("\n\n")[0].split())
    if out and ("all serving" in sentence or "no server is out" in sentence):
        wrong.append(f"nobody is called missing, and {out} are out")
    if (told := OUT.search(sentence)) and set(told[1].split(", ")) != set(out):
        wrong.append(f"{told[1]} is called out of rotation, and {out} are")
    if typed.code == 0 and disturbance.theirs and "all serving." in sentence:
        taken = [host for host in disturbance.theirs if any(admin[host])]
        wrong += [f"{taken} do not serve, and none is called missing"] if taken else []
    return wrong


def bits(fleet: Fleet, host: str) -> list[int]:
    """Return HAProxy's administrative bits of a host, on every load balancer that answers."""
    found = []
    for balancer in fleet.balancers.values():
        try:
            found.append(balancer.states()[f"app/{host}"].admin)
        except OSError:
            continue
    return found


def alive(fleet: Fleet) -> bool:
    return all(process is not None for process in fleet.processes().values())


def whole(fleet: Fleet, disturbance: Disturbance) -> bool:
    """See that every server serves, but for those that an operator holds."""
    ready = [
        (state.admin, state.status in READY) == (0, True)
        for balancer in fleet.balancers.values()
        for name, state in balancer.states().items()
        if name.rpartition("/")[2] not in disturbance.theirs
    ]
    return alive(fleet) and all(ready)
