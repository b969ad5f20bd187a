"""The first sentence of the summary of a deploy: which release is live where, what is missing."""

from rollout.output.deploy_sentences import release_words, some
from rollout.output.messages import RunResult
from rollout.output.report.counts import (
    capacity,
    missing,
    none_missing,
    skipped_words,
    stopped,
    targets,
)
from rollout.summary.deploy import DeploySummary, Phase
from rollout.summary.run import Exit, RunSummary
from rollout.summary.target import TargetPhase
from rollout.text.elapsed import in_words

SERVING = frozenset(
    {
        TargetPhase.DONE,
        TargetPhase.UNTOUCHED,
        TargetPhase.GIVEN_BACK,
        TargetPhase.NOT_TAKEN,
        TargetPhase.RECOVERED,
    }
)
"""They serve what they were last seen to run; with nothing seen, the release before."""


def deploy_headline(ending: RunResult) -> str:
    """Say what a deploy has left behind.

    "All serving" is said only when every target was seen to serve, and "as it was" only of hosts
    on which it was seen.
    """
    summary = ending.summary
    match ending.exit_code:
        case Exit.DONE:
            return _live(ending)
        case Exit.ROLLED_BACK:
            return _undone(summary)
        case Exit.REDUCED:
            said = [missing(summary)] if summary.out else []
            said += [unrestored(summary.deploy)] if summary.deploy.unrestored else []
            how = [_how_it_ended(ending)]
            how += [] if summary.deploy.phase.undone else [who_runs_what(summary)]
            return f"{'; '.join(said)}.{capacity(summary)} {_upper('; '.join(how))}."
        case Exit.INTERRUPTED | Exit.TERMINATED | Exit.HALTED | Exit.BUG:
            said = [who_runs_what(summary), *([missing(summary)] if summary.started else [])]
            return f"{_how_it_ended(ending)}. {_upper('; '.join(said))}.{capacity(summary)}"
        case Exit.USAGE | Exit.REFUSED | Exit.BUSY:
            return f"stopped. {_upper(who_runs_what(summary))}."


def _live(ending: RunResult) -> str:
    summary, deploy = ending.summary, ending.summary.deploy
    named = _upper(release_words(deploy.release, deploy.revision))
    count = f"{len(summary.named(TargetPhase.DONE))} of {targets(summary)}"
    how = "deployed" if deploy.fresh else "rolled back"
    live = "live" if deploy.fresh else "live again"
    said = f"done. {named} is {live} on {count}, {how} in {in_words(ending.seconds)}"
    aside = skipped_words(summary, "Skipped, not on this release")
    said += f"{none_missing(summary)}.{aside}"
    for hook, words in deploy.warnings.items():
        said += f" Warning: deploy.hooks.{hook} failed: {words}."
    return said


def _undone(summary: RunSummary) -> str:
    """Say that the release before is live; no server is out, every `current` was seen restored."""
    deploy = summary.deploy
    named = release_words(deploy.release, deploy.revision)
    if deploy.phase is Phase.ROLLED_BACK:
        before = f"the one before is live again on every host, {missing(summary)}"
        return f"rolled back. {_upper(named)} did not come up; {before}."
    if summary.started:
        said = "rolled back before any host was restarted"
        return f"{said}. `current` is as it was on every host, {missing(summary)}."
    return (
        f"rolled back before any host was restarted: {cause(deploy)}. "
        "`current` is as it was on every host."
    )


def cause(deploy: DeploySummary) -> str:
    """Say in a few words why the transaction was taken back."""
    if not deploy.failed:
        return deploy.reason
    steps = dict.fromkeys(failure.step for failure in deploy.failed.values())
    return f"{', '.join(steps)} failed on {some(deploy.in_order(deploy.failed))}"


def unrestored(deploy: DeploySummary) -> str:
    """Name the hosts on which a release that was to be taken back may be live all the same."""
    where = ", ".join(deploy.in_order(deploy.unrestored))
    return f"release {deploy.release} may still be live on {where}"


def who_runs_what(summary: RunSummary) -> str:
    """Count who runs the new release, and say who runs the one before, as far as it is known."""
    deploy = summary.deploy
    named = release_words(deploy.release, deploy.revision)
    if not summary.started:
        moved = [host for host in deploy.hosts if host in deploy.moved]
        where = f"may lead to {named} on {', '.join(moved)}" if moved else "was not moved anywhere"
        return f"no host was taken out of rotation, and `current` {where}"
    new, old = runs_new(summary), runs_old(summary)
    total = f" of {targets(summary)}"
    said = f"{len(new)}{total} {_verb(len(new))} {named}" if new else f"none{total} runs {named}"
    said += f", {len(old)} {_verb(len(old))} the one before" if old else ""
    return said


def runs_new(summary: RunSummary) -> tuple[str, ...]:
    """Name the targets whose processes were seen to run in the new release, and that serve."""
    return tuple(
        name
        for name, line in summary.lines.items()
        if line.standing in SERVING and line.release == summary.deploy.release
    )


def runs_old(summary: RunSummary) -> tuple[str, ...]:
    """Name the targets that serve the release before: never restarted, or taken back to it."""
    return tuple(
        name
        for name, line in summary.lines.items()
        if line.standing in SERVING and line.release != summary.deploy.release
    )


def _how_it_ended(ending: RunResult) -> str:
    summary = ending.summary
    if ending.outside is Exit.BUG or summary.interrupted or ending.exit_code is Exit.BUG:
        return stopped(ending)
    match summary.deploy.phase:
        case Phase.ROLLBACK_HALTED:
            return f"the rollback from release {summary.deploy.release} halted"
        case Phase.TAKEN_BACK | Phase.ROLLED_BACK:
            return "rolled back, but not everywhere"
        case _:
            return "halted" if ending.exit_code is Exit.HALTED else stopped(ending)


def _verb(count: int) -> str:
    return "runs" if count == 1 else "run"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
