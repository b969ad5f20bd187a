"""The first sentence of the account: what the fleet looks like now."""

from rollout.model.past_runs import UNKNOWN_RUN
from rollout.output.deploy_sentences import runs_words, some
from rollout.output.messages import RunResult
from rollout.output.report.counts import (
    afterwards,
    earlier,
    missing,
    none_missing,
    servers,
    skipped_words,
    stopped,
)
from rollout.output.report.deploy_headline import deploy_headline
from rollout.summary.deploy import Phase
from rollout.summary.run import Exit, RunSummary
from rollout.summary.target import TargetPhase
from rollout.text.elapsed import in_words


def headline(ending: RunResult) -> str:
    """Say what the fleet looks like now, and what became of the run, in that spirit.

    "None missing" is said only when every target serves.
    """
    return f"{_first(ending)}{afterwards(ending.ledger)}"


def _first(ending: RunResult) -> str:
    ledger = ending.ledger
    if ledger.deploy.phase is not Phase.NONE:
        return deploy_headline(ending)
    match ending.exit_code:
        case Exit.DONE:
            return _done(ending)
        case Exit.USAGE:
            return "nothing was contacted."
        case Exit.REFUSED:
            return "refused, nothing was touched."
        case Exit.BUSY:
            return "busy, nothing was touched."
        case Exit.REDUCED:
            return f"{stopped(ending)}. {missing(ledger)}."
        case Exit.BUG:
            return f"{stopped(ending)}. {_restarted(ledger)}{missing(ledger)}."
        case Exit.HALTED | Exit.ROLLED_BACK:
            return f"halted. {_restarted(ledger)}{missing(ledger)}."
        case Exit.INTERRUPTED | Exit.TERMINATED:
            by = ledger.stop or "a second signal"
            return f"interrupted by {by}. {_restarted(ledger)}{missing(ledger)}."


def _done(ending: RunResult) -> str:
    ledger = ending.ledger
    skipped = ledger.named(TargetPhase.SKIPPED)
    if ledger.recovery and not ledger.rolling:
        said = f"recovered. {_recovered(ledger)}{skipped_words(ledger, 'Left as found')}"
        return f"{said}{_taken_back(ledger)}{_rest(ending)}{_uneven(ledger)}"
    if len(skipped) == len(ledger.lines):
        return f"nothing to do, nothing was touched.{skipped_words(ledger)}"
    count = f"{len(ledger.named(TargetPhase.DONE))} of {servers(len(ledger.lines))}"
    done = f"done. {count} restarted{earlier(ledger)} in {in_words(ending.seconds)}"
    return f"{done}{none_missing(ledger)}.{skipped_words(ledger)}"


def _recovered(ledger: RunSummary) -> str:
    """Say who of those that a run left out is back, and serves still."""
    back = [*ledger.named(TargetPhase.DONE), *ledger.named(TargetPhase.RECOVERED)]
    back = [name for name in back if not ledger.lines[name].now]
    if not back:
        run = f" because of run {ledger.recovery}" if ledger.recovery != UNKNOWN_RUN else ""
        return f"No server is out{run}."
    verb = "serves" if len(back) == 1 else "serve"
    return f"{', '.join(back)} {verb} again, nobody is out because of run {ledger.recovery}."


def _taken_back(ledger: RunSummary) -> str:
    """Name the releases that were taken back because nothing had proven them."""
    return "".join(
        f" Release {release}, which nothing had proven, is taken back on {some(hosts)}."
        for release, hosts in ledger.deploy.unproven.items()
    )


def _uneven(ledger: RunSummary) -> str:
    """Name the hosts whose instances do not run what `current` leads to."""
    said = [
        f"`current` of {host} leads to {seen.current or 'no release'}, {runs_words(seen)}"
        for host, seen in ledger.deploy.seen.items()
    ]
    return f" {'; '.join(said)}." if said else ""


def _rest(ending: RunResult) -> str:
    """Say that not everybody had come through the run, and what to type."""
    ledger = ending.ledger
    if ledger.gone_back:
        what = "The run had gone back from its release, or had begun to"
        return f" {what}: `{ending.hints.rollout} rollback` takes every host to the release before."
    if ledger.deploy.unproven:
        return ""  # its release was taken back: there is nothing to go on with
    left = [name for name in ledger.rest if name not in ledger.named(TargetPhase.DONE)]
    if not left:
        return ""
    named = [_with_what_is_new(name, ledger) for name in left]
    return f" Not restarted in it: {some(named)}; `{ending.hints.rollout} resume` goes on."


def _with_what_is_new(name: str, ledger: RunSummary) -> str:
    line = ledger.lines.get(name)
    part = line is not None and line.standing is TargetPhase.RECOVERED and line.reason
    return f"{name} ({part})" if part else name


def _restarted(ledger: RunSummary) -> str:
    if not ledger.lines:
        return ""
    done = len(ledger.named(TargetPhase.DONE))
    return f"{done} of {servers(len(ledger.lines))} restarted, "
