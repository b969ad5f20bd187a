"""Runs of a deploy, one for each way in which it can end."""

from collections.abc import Sequence

from rollout import deploy_events as said
from rollout import events as told
from rollout.events import Event

RELEASE = "20261122193700"
REVISION = "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334"
BEFORE = "20261101080000"
HOSTS = ("web1", "web2", "web3", "web4")
LOG = f"/srv/shop/.rollout/log/{RELEASE}.stylesheets.log"
NOT_PROVEN = "not proven after 120s: app_8000 does not answer: HTTP 500 \x1b[31mInternal\x1b[0m"

BEGUN: tuple[Event, ...] = (
    said.HookRan(hook="before", fine=True, said="backup taken"),
    said.DeployStarted(release=RELEASE, revision=REVISION, hosts=HOSTS, fresh=True),
)


def step(name: str, hosts: Sequence[str] = HOSTS, seconds: float = 2.0) -> tuple[Event, ...]:
    done = (said.StepDone(host=host, step=name, seconds=seconds) for host in hosts)
    return (said.StepStarted(step=name, hosts=tuple(hosts)), *done)


def switched(hosts: Sequence[str] = HOSTS) -> tuple[Event, ...]:
    return tuple(
        event
        for host in hosts
        for event in (
            said.CurrentSwitching(host=host, release=RELEASE),
            said.CurrentSwitched(host=host, release=RELEASE),
            said.StepDone(host=host, step="symlink", seconds=0.1),
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
    said.StepStarted(step="symlink", hosts=HOSTS),
    *switched(),
    said.ReleaseInPlace(release=RELEASE, before=dict.fromkeys(HOSTS, BEFORE)),
    told.RolloutStarted(targets=HOSTS, max_out=1, floor="50%"),
)


def taken_out(name: str) -> tuple[Event, ...]:
    return (
        told.TargetClaimed(target=name, seats=(f"app/{name}@lb1",)),
        told.TargetDraining(target=name),
        told.TargetDrained(target=name),
        told.TargetInMaint(target=name),
        told.TargetEmpty(target=name),
        told.RestartAsked(target=name, instances=("app_8000",)),
    )


def back(name: str, release: str) -> tuple[Event, ...]:
    return (
        told.InstanceReborn(target=name, instance="app_8000", pid=4711),
        told.InstanceProven(target=name, instance="app_8000", answered=True),
        told.TargetOnProbation(target=name),
        told.TargetReturned(target=name),
        told.TargetDone(target=name, seconds=21.0, release=release),
    )


def left_out(name: str, because: str = NOT_PROVEN) -> Event:
    look = f"ssh {name} sudo -n monit status"
    return told.TargetLeftOut(target=name, state="maint", because=because, asked=True, look=look)


def through(name: str, release: str = RELEASE) -> tuple[Event, ...]:
    return (*taken_out(name), *back(name, release))


DEPLOYED: tuple[Event, ...] = (
    *IN_PLACE,
    *(event for name in HOSTS for event in through(name)),
    told.FleetSeen(serving=HOSTS),
    told.RolloutFinished(),
    said.DeployFinished(release=RELEASE, revision=REVISION),
    said.ReleasesPruned(host="web1", releases=("20260901080000", "20260914080000")),
    said.HookRan(hook="after", fine=False, said="chat\x07 did not answer", tail=("curl: (7)",)),
)

BUILD_FAILED: tuple[Event, ...] = (
    *BEGUN,
    *CODE,
    said.StepStarted(step="compile stylesheets", hosts=HOSTS),
    said.StepDone(host="web1", step="compile stylesheets", seconds=39.0),
    said.StepFailed(
        host="web2",
        step="compile stylesheets",
        because="exit 1",
        tail=(
            "rake aborted!",
            "Sass::SyntaxError: \x1b[31munclosed block\x1b[0m",
            "  app/styles/shop.scss:12",
        ),
        log=LOG,
    ),
    *(said.ReleaseDiscarded(host=host, release=RELEASE) for host in HOSTS),
    said.DeployTakenBack(release=RELEASE, because="compile stylesheets: web2: exit 1"),
)

FAILED_AT_WEB2: tuple[Event, ...] = (
    *IN_PLACE,
    *through("web1"),
    *taken_out("web2"),
    left_out("web2"),
    told.RolloutHalted(because=f"web2: {NOT_PROVEN}"),
)
TRIED: tuple[Event, ...] = (
    *FAILED_AT_WEB2,
    said.RollbackStarted(release=RELEASE, targets=("web2",), because=f"web2: {NOT_PROVEN}"),
    said.CurrentRestored(host="web2"),
    told.TargetClaimed(target="web2", seats=("app/web2@lb1",)),
    told.TargetInMaint(target="web2"),
    told.RestartAsked(target="web2", instances=("app_8000",)),
)

ROLLED_BACK: tuple[Event, ...] = (
    *TRIED,
    *back("web2", BEFORE),
    *(said.CurrentRestored(host=host) for host in ("web1", "web3", "web4")),
    told.RolloutStarted(targets=("web1",), max_out=1, floor="50%"),
    *through("web1", BEFORE),
    told.RolloutFinished(),
    said.RollbackFinished(release=RELEASE),
)

ROLLBACK_HALTED: tuple[Event, ...] = (
    *TRIED,
    left_out("web2", "not proven after 120s: app_8000 does not answer: connection refused"),
    said.RollbackHalted(
        because="web2 does not come up on the release before either (not proven after 120s: "
        "app_8000 does not answer: connection refused): the new one is not the cause, and nothing "
        "more is touched"
    ),
)

UNDO_FAILED: tuple[Event, ...] = (
    *BEGUN,
    *CODE,
    *step("compile stylesheets", seconds=41.0),
    *step("verify", seconds=0.1),
    said.StepStarted(step="symlink", hosts=HOSTS),
    *switched(("web1", "web2")),
    said.CurrentSwitching(host="web3", release=RELEASE),
    said.StepFailed(host="web3", step="symlink", because="Permission denied"),
    said.CurrentRestored(host="web1"),
    said.ReleaseDiscarded(host="web1", release=RELEASE),
    said.UndoFailed(host="web2", because="no route to host", live=True),
    said.UndoFailed(host="web2", because="no route to host", live=False),
    said.CurrentRestored(host="web3"),
    said.ReleaseDiscarded(host="web3", release=RELEASE),
    said.ReleaseDiscarded(host="web4", release=RELEASE),
    said.DeployTakenBack(release=RELEASE, because="symlink: web3: Permission denied"),
)

STOPPED: tuple[Event, ...] = (
    *IN_PLACE,
    *through("web1"),
    told.StopRequested(by="Ctrl-C"),
    told.RolloutHalted(because="stopped on request"),
)

LEFT_OUT: tuple[Event, ...] = FAILED_AT_WEB2
"""``on_failure = "stop"``."""

NEVER_RESTARTED: tuple[Event, ...] = (
    *IN_PLACE,
    told.RolloutHalted(because="no room within 5m: the floor is 2 of 4 servers, 2 serve"),
    *(said.CurrentRestored(host=host) for host in HOSTS),
    *(said.ReleaseDiscarded(host=host, release=RELEASE) for host in HOSTS),
    said.DeployTakenBack(release=RELEASE, because="no server was restarted on it"),
)

INTERRUPTED: tuple[Event, ...] = (
    *BEGUN,
    *CODE,
    said.StepStarted(step="symlink", hosts=HOSTS),
    *switched(("web1",)),
    said.CurrentSwitching(host="web2", release=RELEASE),
    told.StopRequested(by="Ctrl-C"),
    told.Interrupted(by="a second Ctrl-C", exit_code=130),
)

MADE_LIVE_AGAIN: tuple[Event, ...] = (
    said.DeployStarted(release=RELEASE, revision="", hosts=HOSTS, fresh=False),
    *step("begin"),
    said.StepStarted(step="symlink", hosts=HOSTS),
    *switched(),
    said.ReleaseInPlace(release=RELEASE, before=dict.fromkeys(HOSTS, BEFORE)),
    told.RolloutStarted(targets=HOSTS, max_out=1, floor="50%"),
    *(event for name in HOSTS for event in through(name)),
    told.FleetSeen(serving=HOSTS),
    told.RolloutFinished(),
    said.DeployFinished(release=RELEASE, revision=""),
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
