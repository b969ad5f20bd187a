"""One rich run as it would be told, and the clocks to tell it by."""

from collections.abc import Iterable, Sequence
from typing import get_args

from rollout import events
from rollout.events import Event
from rollout.model.fleet import Finding
from rollout.model.impact import BackendImpact, ImpactGap
from rollout.model.traffic import TrafficCounters
from rollout.output.dispatcher import Broadcast
from rollout.output.messages import NextStepCommands, RunResult, StampedEvent
from rollout.output.report.report import summary_text
from rollout.summary.run import RunSummary, enter

REACH = {
    "lb1": "socat stdio UNIX-CONNECT:/run/haproxy/admin.sock",
    "lb2": "ssh lb2 socat stdio UNIX-CONNECT:/run/haproxy/admin.sock",
}

SEATS_OF_WEB1 = ("app/web1@lb1", "app/web1@lb2")
SEATS_OF_WEB2 = ("app/web2@lb1", "static/web2@lb1", "app/web2@lb2")

BEGAN = events.RunBegan(
    app="shop",
    env="production",
    verb="restart",
    hosts=("web1", "web2", "web3", "web4", "web5"),
    command="rollout --env production restart --reason 'leaking workers'",
    user="root",
    sudo_user="alice",
    client="192.0.2.7",
    bastion="bastion1",
    since="2026-11-22T19:37:00Z",
    reason="leaking workers",
    version="0.1.0",
    config="/etc/rollout/rollout.toml",
)


def traffic(balancer: str, requests: int, serving: int = 4, **rose: int) -> BackendImpact:
    return BackendImpact(
        balancer=balancer,
        backend="app",
        counters=TrafficCounters(requests=requests, **rose),
        sessions=21,
        serving=serving,
        lowest=3,
        members=5,
        floor=3,
    )


RICH: tuple[Event, ...] = (
    BEGAN,
    events.TargetSkipped(target="web3", reason="app/web3@lb1 is in maint, not by rollout"),
    events.RolloutStarted(targets=("web1", "web2", "web4", "web5"), max_out=2, floor="50%"),
    events.TrafficSeen(balancer="lb1", backends=(traffic("lb1", 0),)),
    events.Noted(where="lb1", what="agent of app/web4 says \x1b[31mno\udcff\x1b[0m words"),
    events.TargetClaimed(target="web1", servers=SEATS_OF_WEB1),
    events.TargetDraining(target="web1"),
    events.TargetWaiting(target="web1", awaited="drained", reason="7 sessions open on lb1"),
    events.BalancerReloaded(balancer="lb1", target="web1"),
    events.TargetDraining(target="web1"),
    events.TargetNotDrained(target="web1", reason="2 sessions open on lb1"),
    events.TargetInMaint(target="web1"),
    events.SessionsCut(target="web1", sessions=1),
    events.TargetEmpty(target="web1"),
    events.RestartAsked(target="web1", instances=("app1_1", "app1_2")),
    events.TargetWaiting(target="web1", awaited="verified", reason="waiting for app1_1, app1_2"),
    events.InstanceRestarted(target="web1", instance="app1_1", pid=4711),
    events.InstanceRestarted(target="web1", instance="app1_2", pid=4712),
    events.InstanceVerified(target="web1", instance="app1_1", answered=True),
    events.InstanceVerified(target="web1", instance="app1_2", answered=True),
    events.TargetOnProbation(target="web1"),
    events.TargetReturned(target="web1"),
    events.TargetDone(target="web1", seconds=31.4),
    events.SoakStarted(targets=("web1",), seconds=60.0),
    events.TargetClaimed(target="web2", servers=SEATS_OF_WEB2),
    events.TargetDraining(target="web2"),
    events.TargetClaimed(target="web4", servers=("app/web4@lb1", "app/web4@lb2")),
    events.TargetDraining(target="web4"),
    events.TargetDrained(target="web2"),
    events.TargetInMaint(target="web2"),
    events.TargetEmpty(target="web2"),
    events.RestartAsked(target="web2", instances=("app2_1",)),
    events.StopRequested(by="SIGINT"),
    events.TargetReturnedUntouched(target="web4", reason="stopped on request before the restart"),
    events.TargetLeftOut(
        target="web2",
        state="maint",
        reason='not verified after 120s: app2_1 is "Does not exist"\nand its log is\x07 full',
        asked=True,
        look="ssh web2 sudo -n monit status app2_1",
    ),
    events.ImpactMeasured(
        backends=(traffic("lb1", 3412, serving=3, retries=2), traffic("lb2", 1500, serving=3)),
        servers={"app/web1@lb1": TrafficCounters(requests=900)},
        gaps=(ImpactGap(balancer="lb1", reason="reload", seconds=1.2),),
    ),
    events.RolloutHalted(reason="stopped on request, and web2 did not come back"),
)

BACK: tuple[Event, ...] = (
    events.TargetAdopted(target="web1", servers=SEATS_OF_WEB1, asked=True),
    events.TargetAdopted(target="web2", servers=SEATS_OF_WEB2, asked=False),
    events.TargetRecovered(target="web2", restarted=False),
    events.TargetSkipped(target="web3", reason="changed from outside since: it is maint now"),
    events.TargetInMaint(target="web1"),
    events.InstanceRestarted(target="web1", instance="app1_1", pid=4711),
    events.InstanceVerified(target="web1", instance="app1_1", answered=True),
    events.TargetOnProbation(target="web1"),
    events.TargetReturned(target="web1"),
)

RECOVERED: tuple[Event, ...] = (
    events.RecoveryStarted(
        of="a1b2c3", targets=("web1", "web2", "web3"), rest=("web1", "web2", "web3", "web4")
    ),
    *BACK,
    events.TargetRecovered(target="web1", restarted=True),
    events.RecoveryFinished(),
)
"""What a dead run left out, seen to: proven, as it was found, and another hand's."""

STILL_OUT: tuple[Event, ...] = (
    events.RecoveryStarted(of="a1b2c3", targets=("web1", "web2", "web3")),
    *BACK[:5],
    events.TargetLeftOut(
        target="web1",
        state="maint",
        reason="not verified after 120s: app1_1 does not answer: connection refused",
        asked=True,
        look="ssh web1 sudo -n monit status",
    ),
    events.RecoveryFinished(),
)

RESUMED: tuple[Event, ...] = (
    events.RunResumed(of="a1b2c3", done=("web1",)),
    events.RolloutStarted(targets=("web2",), max_out=1, floor="50%"),
    events.TargetClaimed(target="web2", servers=SEATS_OF_WEB2),
    events.TargetDone(target="web2", seconds=30.0),
    events.FleetSeen(serving=("web2",)),
    events.RolloutFinished(),
)

GOOD: tuple[Event, ...] = (
    events.RolloutStarted(targets=("web1", "web2"), max_out=1, floor="50%"),
    *(
        event
        for name in ("web1", "web2")
        for event in (
            events.TargetClaimed(target=name, servers=(f"app/{name}@lb1",)),
            events.TargetDraining(target=name),
            events.TargetDrained(target=name),
            events.TargetInMaint(target=name),
            events.TargetEmpty(target=name),
            events.RestartAsked(target=name, instances=("app_1",)),
            events.InstanceRestarted(target=name, instance="app_1", pid=1),
            events.InstanceVerified(target=name, instance="app_1", answered=True),
            events.TargetOnProbation(target=name),
            events.TargetReturned(target=name),
            events.TargetDone(target=name, seconds=36.0),
        )
    ),
    events.FleetSeen(serving=("web1", "web2")),
    events.RolloutFinished(),
)

REFUSED: tuple[Event, ...] = (
    events.RolloutRefused(
        findings=(
            Finding("web2", "sudo asks for a password", "visudo -f /etc/sudoers.d/rollout"),
            Finding(
                "lb1:app",
                "no server line for web5 (10.0.0.5)",
                "add it to the backend\nor leave it out: --exclude web5",
            ),
        ),
    ),
)

EVERY_KIND: tuple[type[Event], ...] = get_args(Event)


UNBROKEN = 10_000
"""Columns in which no sentence is broken."""


class Memory:
    """A stream that keeps what it takes."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text

    def close(self, timeout: float) -> bool:
        return timeout >= 0


class Clock:
    """Each look is one second later than the one before."""

    def __init__(self) -> None:
        self.seconds = 0

    def monotonic(self) -> float:
        return float(self.seconds)

    def utc_now(self) -> str:
        self.seconds += 1
        return f"2026-11-22T19:{37 + self.seconds // 60:02}:{self.seconds % 60:02}Z"


HINTS = NextStepCommands(
    reach=REACH,
    ssh="ssh -l deploy",
    see_current="ssh -l deploy {host} readlink /srv/shop/current",
)


def broadcast_to(*renderers: object, complain: Memory | None = None) -> Broadcast:
    clock = Clock()
    return Broadcast(
        renderers,  # type: ignore[arg-type] # some tests pass renderers that are broken
        run="5f0c21",
        utc_now=clock.utc_now,
        monotonic=clock.monotonic,
        complain=(complain or Memory()).write,
        hints=HINTS,
    )


def account_of(events: Iterable[Event]) -> RunSummary:
    summary = RunSummary()
    for event in events:
        summary = enter(summary, event)
    return summary


def ending_of(events: Sequence[Event], seconds: float = 72.0) -> RunResult:
    return RunResult(
        run="5f0c21",
        number=len(events) + 1,
        at="2026-11-22T19:40:00Z",
        summary=account_of(events),
        seconds=seconds,
        hints=HINTS,
    )


def unbroken(ending: RunResult) -> str:
    """Write the summary with each of its sentences on one line, whatever its length."""
    return summary_text(ending, UNBROKEN)


def stamped(event: Event) -> StampedEvent:
    return StampedEvent("5f0c21", 1, "2026-11-22T19:37:02Z", event, enter(RunSummary(), event))
