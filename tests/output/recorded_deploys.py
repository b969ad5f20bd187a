"""Runs of a deploy, one for each way in which it can end."""

from collections.abc import Sequence

from rollout import events
from rollout.events import Event

RELEASE = "20261122193700"
REVISION = "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334"
BEFORE = "20261101080000"
HOSTS = ("web1", "web2", "web3", "web4")
LOG = f"/srv/shop/.rollout/log/{RELEASE}.stylesheets.log"
NOT_PROVEN = "not verified after 120s: app_8000 does not answer: HTTP 500 \x1b[31mInternal\x1b[0m"

BEGUN: tuple[Event, ...] = (
    events.HookRan(hook="before", ok=True, message="backup taken"),
    events.DeployStarted(release=RELEASE, revision=REVISION, hosts=HOSTS, fresh=True),
)


def step(name: str, hosts: Sequence[str] = HOSTS, seconds: float = 2.0) -> tuple[Event, ...]:
    done = (events.StepDone(host=host, step=name, seconds=seconds) for host in hosts)
    return (events.StepStarted(step=name, hosts=tuple(hosts)), *done)


def switched(hosts: Sequence[str] = HOSTS) -> tuple[Event, ...]:
    return tuple(
        event
        for host in hosts
        for event in (
            events.CurrentSwitching(host=host, release=RELEASE),
            events.CurrentSwitched(host=host, release=RELEASE),
            events.StepDone(host=host, step="symlink", seconds=0.1),
        )
    )


CODE: tuple[Event, ...] = (
    *step("begin", seconds=0.2),
    *step("prepare", ("bastion",)),
    *step("update_code", seconds=3.4),
    *step("link shared", seconds=0.2),
)
IN_PLACE: tuple[Event, ...] = (
    *BEGUN,
    *CODE,
    *step("compile stylesheets", seconds=41.0),
    *step("verify", seconds=0.1),
    events.StepStarted(step="symlink", hosts=HOSTS),
    *switched(),
    events.ReleaseInPlace(release=RELEASE, before=dict.fromkeys(HOSTS, BEFORE)),
    events.RolloutStarted(targets=HOSTS, max_out=1, floor="50%"),
)


def taken_out(name: str) -> tuple[Event, ...]:
    return (
        events.TargetClaimed(target=name, servers=(f"app/{name}@lb1",)),
        events.TargetDraining(target=name),
        events.TargetDrained(target=name),
        events.TargetInMaint(target=name),
        events.TargetEmpty(target=name),
        events.RestartAsked(target=name, instances=("app_8000",)),
    )


def back(name: str, release: str) -> tuple[Event, ...]:
    return (
        events.InstanceRestarted(target=name, instance="app_8000", pid=4711),
        events.InstanceVerified(target=name, instance="app_8000", answered=True),
        events.TargetOnProbation(target=name),
        events.TargetReturned(target=name),
        events.TargetDone(target=name, seconds=21.0, release=release),
    )


def left_out(name: str, reason: str = NOT_PROVEN) -> Event:
    look = f"ssh {name} sudo -n monit status"
    return events.TargetLeftOut(target=name, state="maint", reason=reason, asked=True, look=look)


def through(name: str, release: str = RELEASE) -> tuple[Event, ...]:
    return (*taken_out(name), *back(name, release))


DEPLOYED: tuple[Event, ...] = (
    *IN_PLACE,
    *(event for name in HOSTS for event in through(name)),
    events.FleetSeen(serving=HOSTS),
    events.RolloutFinished(),
    events.DeployFinished(release=RELEASE, revision=REVISION),
    events.ReleasesPruned(host="web1", releases=("20260901080000", "20260914080000")),
    events.HookRan(hook="after", ok=False, message="chat\x07 did not answer", tail=("curl: (7)",)),
)

BUILD_FAILED: tuple[Event, ...] = (
    *BEGUN,
    *CODE,
    events.StepStarted(step="compile stylesheets", hosts=HOSTS),
    events.StepDone(host="web1", step="compile stylesheets", seconds=39.0),
    events.StepFailed(
        host="web2",
        step="compile stylesheets",
        reason="exit 1",
        tail=(
            "rake aborted!",
            "Sass::SyntaxError: \x1b[31munclosed block\x1b[0m",
            "  app/styles/shop.scss:12",
        ),
        log=LOG,
    ),
    *(events.ReleaseDiscarded(host=host, release=RELEASE) for host in HOSTS),
    events.DeployTakenBack(release=RELEASE, reason="compile stylesheets: web2: exit 1"),
)

FAILED_AT_WEB2: tuple[Event, ...] = (
    *IN_PLACE,
    *through("web1"),
    *taken_out("web2"),
    left_out("web2"),
    events.RolloutHalted(reason=f"web2: {NOT_PROVEN}"),
)
TRIED: tuple[Event, ...] = (
    *FAILED_AT_WEB2,
    events.RollbackStarted(release=RELEASE, targets=("web2",), reason=f"web2: {NOT_PROVEN}"),
    events.CurrentRestored(host="web2"),
    events.TargetAdopted(target="web2", servers=("app/web2@lb1",), asked=True),
    events.TargetInMaint(target="web2"),
    events.TargetEmpty(target="web2"),
    events.RestartAsked(target="web2", instances=("app_8000",)),
)

ROLLED_BACK: tuple[Event, ...] = (
    *TRIED,
    *back("web2", BEFORE),
    *(events.CurrentRestored(host=host) for host in ("web1", "web3", "web4")),
    events.RolloutStarted(targets=("web1",), max_out=1, floor="50%"),
    *through("web1", BEFORE),
    events.RolloutFinished(),
    events.RollbackFinished(release=RELEASE),
)

ROLLBACK_HALTED: tuple[Event, ...] = (
    *TRIED,
    left_out("web2", "not verified after 120s: app_8000 does not answer: connection refused"),
    events.RollbackHalted(
        reason="web2 failed on the release before too (not verified after 120s: app_8000 does not "
        "answer: connection refused), so the new one may not be the cause; no other host is "
        "restarted"
    ),
)

UNDO_FAILED: tuple[Event, ...] = (
    *BEGUN,
    *CODE,
    *step("compile stylesheets", seconds=41.0),
    *step("verify", seconds=0.1),
    events.StepStarted(step="symlink", hosts=HOSTS),
    *switched(("web1", "web2")),
    events.CurrentSwitching(host="web3", release=RELEASE),
    events.StepFailed(host="web3", step="symlink", reason="Permission denied"),
    events.CurrentRestored(host="web1"),
    events.ReleaseDiscarded(host="web1", release=RELEASE),
    events.UndoFailed(host="web2", reason="no route to host", live=True),
    events.UndoFailed(host="web2", reason="no route to host", live=False),
    events.CurrentRestored(host="web3"),
    events.ReleaseDiscarded(host="web3", release=RELEASE),
    events.ReleaseDiscarded(host="web4", release=RELEASE),
    events.DeployTakenBack(release=RELEASE, reason="symlink: web3: Permission denied"),
)

STOPPED: tuple[Event, ...] = (
    *IN_PLACE,
    *through("web1"),
    events.StopRequested(by="Ctrl-C"),
    events.RolloutHalted(reason="stopped on request"),
)

LEFT_OUT: tuple[Event, ...] = FAILED_AT_WEB2
"""``on_failure = "stop"``."""

NEVER_RESTARTED: tuple[Event, ...] = (
    *IN_PLACE,
    events.RolloutHalted(
        reason="web1 cannot be taken out: app@lb1 would have 1 of 4 servers serving, the floor is 2"
    ),
    *(events.CurrentRestored(host=host) for host in HOSTS),
    *(events.ReleaseDiscarded(host=host, release=RELEASE) for host in HOSTS),
    events.DeployTakenBack(release=RELEASE, reason="no server was restarted on it"),
)

INTERRUPTED: tuple[Event, ...] = (
    *BEGUN,
    *CODE,
    events.StepStarted(step="symlink", hosts=HOSTS),
    *switched(("web1",)),
    events.CurrentSwitching(host="web2", release=RELEASE),
    events.StopRequested(by="Ctrl-C"),
    events.Interrupted(by="a second Ctrl-C", exit_code=130),
)

MADE_LIVE_AGAIN: tuple[Event, ...] = (
    events.DeployStarted(release=RELEASE, revision="", hosts=HOSTS, fresh=False),
    *step("begin"),
    events.StepStarted(step="symlink", hosts=HOSTS),
    *switched(),
    events.ReleaseInPlace(release=RELEASE, before=dict.fromkeys(HOSTS, BEFORE)),
    events.RolloutStarted(targets=HOSTS, max_out=1, floor="50%"),
    *(event for name in HOSTS for event in through(name)),
    events.FleetSeen(serving=HOSTS),
    events.RolloutFinished(),
    events.DeployFinished(release=RELEASE, revision=""),
)

DEPLOYS: dict[str, tuple[Event, ...]] = {
    "deployed": DEPLOYED,
    "build-failed": BUILD_FAILED,
    "rolled-back": ROLLED_BACK,
    "rollback-halted": ROLLBACK_HALTED,
    "undo-failed": UNDO_FAILED,
    "stopped": STOPPED,
    "left-out": LEFT_OUT,
    "never-restarted": NEVER_RESTARTED,
    "interrupted": INTERRUPTED,
    "made-live-again": MADE_LIVE_AGAIN,
}
