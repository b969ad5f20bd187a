"""The summary of a deploy below its first sentence: which release is where, and what to type."""

import shlex
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from rollout.model.releases import BASTION
from rollout.output.deploy_sentences import runs_words, some, why_failed
from rollout.output.messages import NextStepCommands, RunResult
from rollout.output.report.command_line import about, by_host, leading_to
from rollout.output.report.deploy_headline import runs_new, runs_old
from rollout.output.report.next_steps import GO_BACK, GO_ON, OR_BACK, host_of
from rollout.summary.deploy import DeploySummary, Phase
from rollout.summary.run import Exit, RunSummary
from rollout.summary.target import TargetPhase

SKIPPED = TargetPhase.SKIPPED
SHOWN = 5
"""Lines of what a failed step printed that the summary repeats."""
SEEN = 50
"""Lines of its log that are worth a first look."""


@dataclass(frozen=True, slots=True)
class Row:
    """What is with hosts of which the targets tell nothing; ``tail`` is what one printed last."""

    hosts: str
    what: str
    reason: str
    tail: tuple[str, ...] = ()


def host_rows(deploy: DeploySummary) -> Iterator[Row]:
    """List the hosts of which the targets tell nothing."""
    for hosts in alike(deploy):
        failure = deploy.failed[hosts[0]]
        tail = failure.tail[-SHOWN:]
        if any(deploy.failed[host].tail != failure.tail for host in hosts):
            tail = (*tail, f"({hosts[0]}; others printed something else)")
        yield Row(some(hosts), f"failed at {failure.step}", why_failed(failure), tail)
    for host in deploy.in_order(deploy.unrestored):
        yield Row(host, "not undone", deploy.unrestored[host])
    for host in deploy.in_order(deploy.leftovers):
        if host not in deploy.unrestored:
            yield Row(host, "left behind", deploy.leftovers[host])


def alike(deploy: DeploySummary) -> Iterable[tuple[str, ...]]:
    """Group the hosts that failed at the same step and for the same reason, in order."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for host in deploy.in_order(deploy.failed):
        failure = deploy.failed[host]
        where = BASTION if host == BASTION else ""
        groups.setdefault((failure.step, why_failed(failure), failure.log, where), []).append(host)
    return map(tuple, groups.values())


def release_rows(ending: RunResult) -> Iterator[tuple[str, str]]:
    """Say who runs which release, where there are two, as (label, text)."""
    summary, deploy = ending.summary, ending.summary.deploy
    if ending.exit_code is not Exit.DONE:
        yield from current_rows(deploy)
    if deploy.phase is Phase.ROLLED_BACK:
        why = "its app's own log tells why it did not come up"
        yield "kept", f"release {deploy.release}, marked bad; {why}"
    if deploy.phase is Phase.NONE or deploy.phase.undone or not summary.started:
        return
    if ending.exit_code is Exit.DONE:
        return
    new, old = runs_new(summary), runs_old(summary)
    if new:
        yield "new release", ", ".join(new)
    if old:
        yield "old release", ", ".join(old)
    if deploy.seen:
        yield "", "a process that starts there runs what `current` leads to"
        return
    known = {host_of(name) for name in summary.lines}
    not_yet = {host_of(name) for name in old} | {h for h in deploy.hosts if h not in known}
    moved = [host for host in deploy.hosts if host in deploy.moved & not_yet]
    if moved:
        where = f"`current` leads to the new release on {', '.join(moved)}"
        yield "WARNING", f"{where}: a process that restarts there runs it; do not leave it so"


def current_rows(deploy: DeploySummary) -> Iterator[tuple[str, str]]:
    """Say where `current` was taken back, and where it does not lead to what instances run."""
    for release, hosts in deploy.unproven.items():
        yield "undone", f"release {release}, which was verified nowhere, on {some(hosts)}"
    alike: dict[tuple[str, str], list[str]] = {}
    for host in deploy.in_order(deploy.seen):
        seen = deploy.seen[host]
        alike.setdefault((seen.current or "no release", runs_words(seen)), []).append(host)
    for (current, runs), names in alike.items():
        yield "current", f"leads to {current} on {some(names)}; {runs}"


def causes(deploy: DeploySummary) -> tuple[str, ...]:
    """List what stopped the deploy, where neither the first sentence nor a row says it."""
    said = [deploy.reason] if deploy.phase in {Phase.ROLLED_BACK, Phase.ROLLBACK_HALTED} else []
    said += [
        f"deploy.hooks.{hook} failed: {words}"
        for hook, words in deploy.warnings.items()
        if hook != "before"  # that one stops everything, and stands among the findings
    ]
    return tuple(word for word in said if word)


def deploy_steps(ending: RunResult) -> Iterator[tuple[str, str]]:
    """List what to type about the release, as (label, text), after whatever brings servers back."""
    deploy = ending.summary.deploy
    if deploy.phase is Phase.NONE or ending.exit_code is Exit.DONE:
        return
    for host in deploy.in_order(deploy.unrestored):
        yield "look", to_see_current(host, ending)
    for hosts in alike(deploy):
        if log := deploy.failed[hosts[0]].log:
            yield "log", to_see_log(hosts[0], log, ending.hints)
    match deploy.phase:
        case Phase.PREPARING:
            again = shlex.join(as_typed(ending))
            yield GO_ON, f"{again}   # it first undoes what is left of this one"
        case _ if deploy.phase.undone:
            label = "once fixed" if deploy.failed or deploy.phase is Phase.ROLLED_BACK else "again"
            left = deploy.unrestored or deploy.leftovers
            again = shlex.join(as_typed(ending))
            yield label, f"{again}{'   # it first undoes what is left' if left else ''}"
        case Phase.LIVE:
            if aside := dict.fromkeys(host_of(name) for name in ending.summary.named(SKIPPED)):
                typed = shlex.join(about(as_typed(ending), [*aside]))
                yield GO_ON, f"{typed}   # once their servers are ready again"
        case _:
            yield from ways_on(ending)


def ways_on(ending: RunResult) -> Iterator[tuple[str, str]]:
    """List what takes the hosts that are not out all forward, or all back.

    Hosts of the fleet that this run was not about are left alone by both.
    """
    deploy = ending.summary.deploy
    out = {host_of(name) for name in ending.summary.out}
    others = [host for host in deploy.hosts if host not in out]
    if not others:
        return
    again = about(as_typed(ending), others) if out else as_typed(ending)
    took = any(line.took for line in ending.summary.lines.values())
    if took:
        again = by_host(again)
    # stopped with nothing out, it only has hosts left: `rollout resume` restarts those
    stopped = deploy.phase is Phase.IN_PLACE and not out and not took
    resumes = bool(ending.summary.resumed) or stopped
    if resumes:
        again = (*shlex.split(ending.hints.rollout), "resume")
    on_it = {host_of(name) for name in runs_new(ending.summary)} | deploy.moved
    if not on_it & {*others} and not ending.summary.resumed:  # it failed wherever it was tried
        typed = as_typed(ending)
        flags = [flag for flag in _for_what_is_out(ending.summary) if flag not in typed]
        what = "what is out is restarted with the others" if out else "on every host"
        yield "once fixed", f"{shlex.join((*typed, *flags))}   # {what}"
        return
    label = GO_BACK
    if deploy.phase is not Phase.ROLLBACK_HALTED:  # that release has just failed
        label = OR_BACK
        what = _goes_on_words(deploy, others, out, resumes=resumes)
        yield GO_ON, f"{shlex.join(again)}   # {what}"
    behind: dict[str, list[str]] = {}
    for host in others:
        if host in on_it and deploy.before.get(host):
            behind.setdefault(deploy.before[host], []).append(host)
    for release, hosts in behind.items():
        # `current` may be there already, and only processes are not: then nothing is to be moved
        act = f"rollback --to {release}" if deploy.moved & {*hosts} else "restart"
        names = shlex.quote(",".join(hosts))
        back = f"{ending.hints.rollout} {act} --hosts {names}"
        yield label, f"{back}   # puts them back on the release before"
        label = ""


def _goes_on_words(
    deploy: DeploySummary, hosts: Sequence[str], out: Collection[str], *, resumes: bool
) -> str:
    """Say what the command does; a deploy that is typed once more makes a further release."""
    stays = f"; {some(sorted(out))} {'stays' if len(out) == 1 else 'stay'} out" if out else ""
    if resumes or not deploy.fresh:
        return f"{some(hosts)} on release {deploy.release}{stays}"
    return f"deploys again, a further release, to {some(hosts)}{stays}"


def _for_what_is_out(summary: RunSummary) -> Iterator[str]:
    """Yield the flags with which a run restarts what is out, by what it is."""
    down = [name for name in summary.out if summary.lines[name].standing is TargetPhase.DOWN]
    if len(down) < len(summary.out):
        yield "--include-left-out"
    if down:
        yield "--accept-sick"


def as_typed(ending: RunResult) -> tuple[str, ...]:
    """Return the command line of this run; of a rollback with the release that it has chosen.

    Chosen anew it would be an older one, once some hosts have the first.
    """
    deploy, hints = ending.summary.deploy, ending.hints
    command = "uninterrupted" if deploy.fresh else "rollback"
    words = hints.again or (*shlex.split(hints.rollout), command)
    return words if deploy.fresh else leading_to(words, deploy.release)


def to_see_current(host: str, ending: RunResult) -> str:
    """Give the command that shows where ``current`` of ``host`` leads."""
    if ending.hints.see_current:
        return ending.hints.see_current.replace("{host}", shlex.quote(host))
    return f"{ending.hints.rollout} releases --hosts {shlex.quote(host)}"


def to_see_log(host: str, log: str, hints: NextStepCommands) -> str:
    """Give the command that shows the end of a file on ``host``, or say where the file is."""
    typed = shlex.quote(log)
    if host == BASTION:
        return f"tail -n {SEEN} {typed}"
    if not hints.ssh:
        return f"{log} on {host}"
    # ssh hands its words to a shell of the host's, which takes off the quotes once more
    return f"{hints.ssh} {shlex.quote(host)} tail -n {SEEN} {shlex.quote(typed)}"
