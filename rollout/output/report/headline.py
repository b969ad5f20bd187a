"""The first sentence of the summary: what the fleet looks like now."""

from rollout.model.past_runs import UNKNOWN_RUN
from rollout.output.deploy_sentences import runs_words, some
from rollout.output.messages import RunResult
from rollout.output.report.counts import (
    afterwards,
    capacity,
    earlier,
    missing,
    none_missing,
    skipped_words,
    stopped,
    targets,
)
from rollout.output.report.deploy_headline import deploy_headline
from rollout.summary.deploy import Phase
from rollout.summary.run import Exit, RunSummary
from rollout.summary.target import TargetPhase
from rollout.text.elapsed import in_words


def headline(ending: RunResult) -> str:
    """Say what the fleet looks like now, and what became of the run, in that spirit.

    "All serving" is said only when every target serves.
    """
    return f"{_first(ending)}{afterwards(ending.summary)}"


def _first(ending: RunResult) -> str:
    summary = ending.summary
    if summary.deploy.phase is not Phase.NONE:
        return deploy_headline(ending)
    match ending.exit_code:
        case Exit.DONE:
            return _done(ending)
        case Exit.USAGE:
            return "nothing was contacted."
        case Exit.REFUSED:
            return "refused, nothing was changed."
        case Exit.BUSY:
            return "busy, nothing was changed."
        case Exit.REDUCED:
            how = stopped(ending)
            how = f"{how[:1].upper()}{how[1:]}{_done_so_far(summary)}"
            return f"{missing(summary)}.{capacity(summary)} {how}."
        case Exit.BUG | Exit.INTERRUPTED | Exit.TERMINATED:
            return f"{stopped(ending)}. {_restarted(summary)}{missing(summary)}.{capacity(summary)}"
        case Exit.HALTED | Exit.ROLLED_BACK:
            return f"halted. {_restarted(summary)}{missing(summary)}.{capacity(summary)}"


def _done(ending: RunResult) -> str:
    summary = ending.summary
    skipped = summary.named(TargetPhase.SKIPPED)
    if summary.recovery and not summary.rolling:
        said = f"recovered. {_recovered(summary)}{skipped_words(summary, 'Left as found')}"
        return f"{said}{_taken_back(summary)}{_rest(ending)}{_uneven(summary)}"
    if len(skipped) == len(summary.lines):
        return f"nothing to do, nothing was changed.{skipped_words(summary)}"
    count = f"{len(summary.named(TargetPhase.DONE))} of {targets(summary)}"
    done = f"done. {count} restarted{earlier(summary)} in {in_words(ending.seconds)}"
    return f"{done}{none_missing(summary)}.{skipped_words(summary)}"


def _recovered(summary: RunSummary) -> str:
    """Say who of those that a run left out is back, and serves still."""
    back = [*summary.named(TargetPhase.DONE), *summary.named(TargetPhase.RECOVERED)]
    back = [name for name in back if not summary.lines[name].now]
    if not back:
        run = f" because of run {summary.recovery}" if summary.recovery != UNKNOWN_RUN else ""
        return f"No server is out{run}."
    verb = "serves" if len(back) == 1 else "serve"
    return f"{', '.join(back)} {verb} again, no server is out because of run {summary.recovery}."


def _taken_back(summary: RunSummary) -> str:
    """Name the releases that were taken back because nothing had proven them."""
    return "".join(
        f" Release {release} was verified nowhere: undone on {some(hosts)}."
        for release, hosts in summary.deploy.unproven.items()
    )


def _uneven(summary: RunSummary) -> str:
    """Name the hosts whose instances do not run what `current` leads to."""
    said = [
        f"`current` of {host} leads to {seen.current or 'no release'}, {runs_words(seen)}"
        for host, seen in summary.deploy.seen.items()
    ]
    return f" {'; '.join(said)}." if said else ""


def _rest(ending: RunResult) -> str:
    """Say that targets had not come through the run, and what to type."""
    summary = ending.summary
    if summary.gone_back:
        what = "The run had gone back from its release, or had begun to"
        return f" {what}: `{ending.hints.rollout} rollback` takes every host to the release before."
    if summary.deploy.unproven:
        return ""  # its release was taken back: there is nothing to go on with
    left = [name for name in summary.rest if name not in summary.named(TargetPhase.DONE)]
    if not left:
        return ""
    named = [_with_what_is_new(name, summary) for name in left]
    typed = f"`{ending.hints.rollout} resume`"
    return f" Not restarted by that run: {some(named)}; {typed} restarts the rest."


def _with_what_is_new(name: str, summary: RunSummary) -> str:
    line = summary.lines.get(name)
    part = line is not None and line.standing is TargetPhase.RECOVERED and line.reason
    return f"{name} ({part})" if part else name


def _done_so_far(summary: RunSummary) -> str:
    done = len(summary.named(TargetPhase.DONE))
    return f", {done} of {targets(summary)} done" if summary.rolling else ""


def _restarted(summary: RunSummary) -> str:
    if not summary.lines:
        return ""
    done = len(summary.named(TargetPhase.DONE))
    return f"{done} of {targets(summary)} restarted, "
