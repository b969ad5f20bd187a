"""One sentence for each thing that can happen to a release."""

import re
from collections.abc import Sequence
from typing import assert_never

from rollout import events
from rollout.events import DeployEvent
from rollout.text.elapsed import in_words

SHORT = 12
"""So many digits of a commit tell it from all others, even in a repository of millions."""
LONGEST = 40
COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def short(revision: str) -> str:
    """Abbreviate a commit; what is called otherwise (``tree-…``, ``sha256-…``) is short enough."""
    return revision[:SHORT] if COMMIT.fullmatch(revision) else revision[:LONGEST]


def release_words(release: str, revision: str) -> str:
    """Name a release with what it was made from: ``release 20261122194002 (a1b2c3d4e5f6)``."""
    return f"release {release} ({short(revision)})" if revision else f"release {release}"


def hosts_words(count: int) -> str:
    """Count hosts."""
    return "1 host" if count == 1 else f"{count} hosts"


def some(names: Sequence[str], most: int = 5) -> str:
    """Name up to ``most``, and count the others: what fails on one host often fails on all."""
    more = len(names) - most
    if more <= 0:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {more} more"


def why_failed(failure: events.StepFailed) -> str:
    """Say why a step failed, without its name, which stands before it already."""
    return failure.reason.removeprefix(f"{failure.step.removeprefix('compile ')}: ")


def runs_words(seen: events.CurrentSeen) -> str:
    """Say what the instances of a host run, as far as the login can see it."""
    if not seen.running and not seen.hidden:
        return "no instance of it runs"
    if not seen.running:
        return "its instances run what this login cannot see"
    if len({*seen.running.values()}) == 1 and not seen.hidden:
        return f"its instances run {next(iter(seen.running.values()))}"
    each = [f"{name} runs {release}" for name, release in seen.running.items()]
    each += [f"{name} runs what this login cannot see" for name in seen.hidden]
    return ", ".join(each)


def deploy_words(event: DeployEvent) -> str:  # noqa: C901, PLR0912 - a sentence per event
    """Say in one sentence what is known when ``event`` is told, for a person at 03:00."""
    match event:
        case events.DeployStarted(hosts=hosts, fresh=fresh):
            named = release_words(event.release, event.revision)
            what = f"deploys {named} to" if fresh else f"makes {named} live again on"
            return f"{what} {hosts_words(len(hosts))}: {', '.join(hosts)}"
        case events.StepStarted(step=step, hosts=hosts):
            where = hosts[0] if len(hosts) == 1 else hosts_words(len(hosts))
            return f"step `{step}` on {where}"
        case events.StepDone(step=step, seconds=seconds):
            return f"step `{step}` done" + (f" in {in_words(seconds)}" if seconds >= 1 else "")
        case events.StepFailed(step=step, log=log):
            whole = f"; log: {log}" if log else ""
            return f"FAILED at {step}: {why_failed(event)}{whole}"
        case events.CurrentSwitching(release=release):
            return f"moving `current` to release {release}"
        case events.CurrentSwitched(release=release):
            return f"`current` leads to release {release}"
        case events.CurrentRestored():
            return "`current` leads again where it did before the deploy"
        case events.CurrentSeen(current=current):
            return f"`current` leads to {current or 'no release'}; {runs_words(event)}"
        case events.UnprovenTakenBack(release=release, hosts=hosts):
            return f"release {release} was verified nowhere: undone on {some(hosts)}"
        case events.ReleaseDiscarded(release=release):
            return f"undo: release {release} deleted, build logs kept"
        case events.UndoFailed(reason=reason, live=True):
            return f"UNDO FAILED, `current` may lead to the new release: {reason}"
        case events.UndoFailed(reason=reason):
            return f"undo incomplete, the next deploy removes the rest: {reason}"
        case events.DeployTakenBack(release=release, reason=reason):
            return f"release {release} undone, no host was restarted: {reason}"
        case events.ReleaseInPlace(release=release):
            return f"release {release} is in place on every host"
        case events.DeployFinished():
            return f"{release_words(event.release, event.revision)} is live and marked good"
        case events.RollbackStarted(release=release, targets=targets, reason=reason):
            first = f", {', '.join(targets)} first" if targets else ""
            return f"rolls back from release {release}{first}: {reason}"
        case events.RollbackHalted(reason=reason):
            return f"rollback halted, no other host is restarted: {reason}"
        case events.RollbackFinished(release=release):
            return f"rolled back, the release before {release} serves"
        case events.HookRan(hook=hook, ok=fine, message=said):
            return f"deploy.hooks.{hook} {'ran' if fine else 'FAILED'}{f': {said}' if said else ''}"
        case events.ReleasesPruned(releases=releases):
            return f"old releases removed: {', '.join(releases) or 'nothing'}"
        case _:
            assert_never(event)
