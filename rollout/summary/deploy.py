"""The summary of a deploy: how far the release got, and on which hosts ``current`` has moved.

Pessimistic, like the summary of the targets: a link that was about to be moved counts as moved
until it was seen restored.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import assert_never

from rollout import events
from rollout.events import DeployEvent


class Phase(StrEnum):
    """How far a deploy got.  The values are the words that the screen shows."""

    NONE = ""
    PREPARING = "preparing"
    IN_PLACE = "in place"
    TAKEN_BACK = "taken back"
    LIVE = "live"
    ROLLING_BACK = "rolling back"
    ROLLBACK_HALTED = "rollback halted"
    ROLLED_BACK = "rolled back"

    @property
    def undone(self) -> bool:
        """The release before is live everywhere, as far as it is known."""
        return self in {Phase.TAKEN_BACK, Phase.ROLLED_BACK}


@dataclass(frozen=True, slots=True)
class DeploySummary:
    """The summary of one deploy.

    Attributes:
        step: The step of the transaction that is under way.
        at: Hosts that are to do it.
        done: Those of them that have.
        failed: For each host that failed, what it said.
        before: By host the release that was live when it began; empty where none was.
        moved: Hosts whose ``current`` leads, or may lead, to the release.
        restored: Hosts whose ``current`` was moved and is as it was before.
        unrestored: Hosts whose ``current`` could not be seen restored, with the reason.
        leftovers: Hosts on which something is left to be removed, with the reason.
        seen: Hosts whose instances do not all run what `current` leads to, as they were seen last.
        unproven: By release that nothing has proven the hosts on which it was taken back.
        reason: Why it was taken back, or its rollback halted.
        warnings: Hooks that failed and stopped nothing, with what they said.
    """

    phase: Phase = Phase.NONE
    release: str = ""
    revision: str = ""
    fresh: bool = True
    hosts: tuple[str, ...] = ()
    step: str = ""
    at: tuple[str, ...] = ()
    done: frozenset[str] = frozenset()
    failed: Mapping[str, events.StepFailed] = field(default_factory=dict[str, events.StepFailed])
    before: Mapping[str, str] = field(default_factory=dict[str, str])
    moved: frozenset[str] = frozenset()
    restored: frozenset[str] = frozenset()
    unrestored: Mapping[str, str] = field(default_factory=dict[str, str])
    leftovers: Mapping[str, str] = field(default_factory=dict[str, str])
    seen: Mapping[str, events.CurrentSeen] = field(default_factory=dict[str, events.CurrentSeen])
    unproven: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    reason: str = ""
    warnings: Mapping[str, str] = field(default_factory=dict[str, str])

    def in_order(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return ``names`` as the fleet stands; whatever is no host of the deploy comes last."""
        place = {host: number for number, host in enumerate(self.hosts)}
        return tuple(sorted(names, key=lambda name: place.get(name, len(place))))


def enter_deploy(deploy: DeploySummary, event: DeployEvent) -> DeploySummary:
    """Return the summary after ``event``."""
    match event:
        case events.DeployStarted():
            return replace(
                deploy,
                phase=Phase.PREPARING,
                release=event.release,
                revision=event.revision,
                hosts=event.hosts,
                fresh=event.fresh,
            )
        case events.StepStarted(step=step, hosts=hosts):
            return replace(deploy, step=step, at=hosts, done=frozenset())
        case events.StepDone(host=host):
            return replace(deploy, done=deploy.done | {host})
        case events.DeployTakenBack(reason=reason):
            return replace(deploy, phase=Phase.TAKEN_BACK, reason=reason)
        case events.ReleaseInPlace(before=before):
            through = replace(deploy, step="", at=(), done=frozenset())
            return replace(through, phase=Phase.IN_PLACE, before=before)
        case events.DeployFinished():
            return replace(deploy, phase=Phase.LIVE)
        case events.RollbackStarted(reason=reason):
            return replace(deploy, phase=Phase.ROLLING_BACK, reason=reason)
        case events.RollbackHalted(reason=reason):
            return replace(deploy, phase=Phase.ROLLBACK_HALTED, reason=reason)
        case events.RollbackFinished():
            return replace(deploy, phase=Phase.ROLLED_BACK)
        case _:
            return _enter_host(deploy, event)


HostEvent = (
    events.StepFailed
    | events.CurrentSwitching
    | events.CurrentSwitched
    | events.CurrentRestored
    | events.CurrentSeen
    | events.UnprovenTakenBack
    | events.ReleaseDiscarded
    | events.UndoFailed
    | events.HookRan
    | events.ReleasesPruned
)


def _enter_host(deploy: DeploySummary, event: HostEvent) -> DeploySummary:
    match event:
        case events.StepFailed(host=host):
            return replace(deploy, failed={**deploy.failed, host: event})
        case events.CurrentSwitching(host=host) | events.CurrentSwitched(host=host):
            return replace(deploy, moved=deploy.moved | {host}, restored=deploy.restored - {host})
        case events.CurrentRestored(host=host):
            return replace(
                deploy,
                moved=deploy.moved - {host},
                restored=deploy.restored | (deploy.moved & {host}),
                unrestored={h: why for h, why in deploy.unrestored.items() if h != host},
            )
        case events.UnprovenTakenBack(release=release, hosts=hosts):
            return replace(deploy, unproven={**deploy.unproven, release: hosts})
        case events.CurrentSeen(host=host):
            return replace(deploy, seen={**deploy.seen, host: event})
        case events.UndoFailed(host=host, reason=reason, live=True):
            return replace(deploy, unrestored={**deploy.unrestored, host: reason})
        case events.UndoFailed(host=host, reason=reason):
            return replace(deploy, leftovers={**deploy.leftovers, host: reason})
        case events.HookRan(hook=hook, ok=False, message=said) if hook != "before":
            return replace(deploy, warnings={**deploy.warnings, hook: said})
        case events.ReleaseDiscarded() | events.HookRan() | events.ReleasesPruned():
            return deploy
        case _:
            assert_never(event)
