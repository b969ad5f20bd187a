"""What to type next: how to see more of a target that is out, and how to bring it back today."""

import shlex
from collections.abc import Iterable, Mapping

from rollout.output.deploy_sentences import some
from rollout.output.messages import NextStepCommands
from rollout.output.report.command_line import about, by_host
from rollout.output.report.next_step import NextStep, is_command
from rollout.summary.deploy import DeploySummary, Phase
from rollout.summary.run import Exit, RunSummary
from rollout.summary.target import TargetPhase, TargetSummary
from rollout.text.sanitize import sanitize

TO_BE_RESTARTED = frozenset(
    {TargetPhase.UNTOUCHED, TargetPhase.NOT_TAKEN, TargetPhase.GIVEN_BACK, TargetPhase.RECOVERED}
)


OLD_CODE, BRING_BACK, BY_HAND = "old code", "bring back", "or by hand"
GO_ON, OR_BACK, GO_BACK, MORE = "go on", "or back", "go back", "more"
"""Labels that the layout of the summary knows."""


def to_look(name: str, line: TargetSummary, hints: NextStepCommands) -> str:
    """Give the command that shows more of a target that is out."""
    return (
        sanitize(line.look)
        or f"{hints.rollout} status --hosts {shlex.quote(sanitize(host_of(name)))}"
    )


def to_bring_back(line: TargetSummary, reach: Mapping[str, str]) -> tuple[NextStep, ...]:
    """Give one command per load balancer that makes the servers of ``line`` ready again.

    HAProxy takes several commands in one line, separated by ``;`` (management guide, "Unix
    Socket commands").  For a load balancer that ``reach`` does not know, the words for its
    admin socket are given instead of a command.
    """
    steps = []
    for balancer, servers in _by_balancer(line.servers).items():
        said = "; ".join(f"set server {server} state ready" for server in servers)
        way = reach.get(balancer, "")
        if way:
            typed = f"echo {shlex.quote(said)} | {way}"
            steps.append(NextStep(BY_HAND, typed, f"on {balancer}"))
        else:
            words = f"on the admin socket of {balancer}: {said}"
            steps.append(NextStep(BY_HAND, comment=words))
    return tuple(steps)


def to_see_by_hand(run: str, hints: NextStepCommands) -> NextStep:
    """Return the command that prints, for all that is out, what makes its servers ready again."""
    typed = f"{hints.rollout} show {run} --by-hand"
    return NextStep(BY_HAND, typed, "prints HAProxy's commands, which check nothing")


def _by_balancer(servers: Iterable[str]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for server in servers:
        name, _, balancer = sanitize(server).rpartition("@")
        grouped.setdefault(balancer, []).append(name)
    return grouped


def host_of(target: str) -> str:
    """Name the host of a target, which may be one instance of it: ``web1/app_8000``."""
    return target.partition("/")[0]


def to_old_code(
    target: str, line: TargetSummary, deploy: DeploySummary, hints: NextStepCommands
) -> str:
    """Give the command that brings a host of ours back on the release before.

    Empty where ``current`` leads there already, as far as it is known, where none was before, and
    where nothing was asked to restart: that one is given back as it was found.  A recovery does not
    know which one was before; the host does.
    """
    host = host_of(target)
    before = deploy.before.get(host, "") if host in deploy.moved else ""
    unproven = host in deploy.seen and deploy.seen[host].unproven
    if not line.asked or not (before or unproven):
        return ""
    to = f" --to {sanitize(before)}" if before else ""
    # what fell over after it was back is not owned any more: there is nothing to recover
    flag = "--accept-sick" if line.standing is TargetPhase.DOWN else "--include-left-out"
    return f"{hints.rollout} rollback{to} --hosts {shlex.quote(sanitize(host))} {flag}"


def next_steps(summary: RunSummary, hints: NextStepCommands) -> tuple[NextStep, ...]:
    """List what to type, in order, for the targets that are out.

    See more of each; bring those back on the release before that failed on the new one; or bring
    all of them back as they are, once they are mended.
    """
    steps = list(to_mend_first(summary, hints))
    relinked = {""}
    for name in summary.out:
        line = summary.lines[name]
        steps.append(NextStep("look", to_look(name, line, hints)))
        old = to_old_code(name, line, summary.deploy, hints)
        if old not in relinked:
            host = sanitize(host_of(name))
            steps.append(NextStep(OLD_CODE, old, f"{host} comes back on the release before"))
            relinked.add(old)
    ours = [name for name in summary.out if summary.lines[name].standing is not TargetPhase.DOWN]
    if ours:
        steps.append(NextStep(BRING_BACK, to_recover(hints), _when(summary, ours)))
    steps += [
        NextStep(BY_HAND, step.command, f"{sanitize(name)} {step.comment}")
        for name in ours
        for step in to_bring_back(summary.lines[name], hints.reach)
    ]
    return (*steps, *to_go_on(summary, hints))


def to_mend_first(summary: RunSummary, hints: NextStepCommands) -> Iterable[NextStep]:
    """Say what must be mended first: what stopped the run, load balancers that do not answer."""
    fixes = (sanitize(line.fix) for line in summary.lines.values() if line.fix)
    for fix in dict.fromkeys(fixes):
        yield NextStep("first", fix) if is_command(fix) else NextStep("first", comment=fix)
    for name in summary.unseen if summary.out else ():
        way = hints.reach.get(name, "")
        must = f"{sanitize(name)} must answer again: it did not when the run ended"
        yield NextStep("first", f"echo 'show info' | {way}" if way else "", must)


def to_go_on(summary: RunSummary, hints: NextStepCommands) -> Iterable[NextStep]:
    """Give the command that restarts what had no turn; a deploy has a summary of its own."""
    taken_along = {f"{host_of(n)}/{one}" for n, line in summary.lines.items() for one in line.took}
    left = [name for name, line in summary.lines.items() if _has_no_restart(line)]
    left = [name for name in left if name not in taken_along]
    first = [name for name in summary.out if name not in left]
    if not left or not summary.rolling or summary.deploy.phase is not Phase.NONE:
        return
    if taken_along:
        hosts = [*dict.fromkeys(host_of(name) for name in left)]
        again = hints.again or (*shlex.split(hints.rollout), "restart")
        typed = shlex.join(by_host(about(again, hosts)))
        yield NextStep(GO_ON, typed, f"restarts {sanitize(some(hosts))}, each as a whole")
    else:
        what = f"restarts {sanitize(some(left))}"
        if first:
            names = sanitize(some(first))
            what = f"first {names}, restarted once more if it is not verified; then {what}"
        yield NextStep(GO_ON, f"{hints.rollout} resume", what)


def _has_no_restart(line: TargetSummary) -> bool:
    """Tell whether `resume` restarts it; one that is out comes back first."""
    if line.standing is TargetPhase.GIVEN_BACK:
        return True  # what was asked of it was in vain
    return (line.standing in TO_BE_RESTARTED or line.standing.out) and not line.asked


def to_wait(hints: NextStepCommands) -> tuple[NextStep, ...]:
    """List what to type while another run or a person holds the lock."""
    again = shlex.join(hints.again) if hints.again else f"{hints.rollout} restart"
    wait = () if "--wait-lock" in again else (NextStep("wait", f"{again} --wait-lock 10m"),)
    return (NextStep("look", f"{hints.rollout} lock"), *wait)


def to_understand(code: Exit, hints: NextStepCommands) -> NextStep:
    """Return the command that prints the runbook of an exit code, as it lies in the package."""
    return NextStep(MORE, f"{hints.rollout} explain {code.value}")


def to_recover(hints: NextStepCommands) -> str:
    """Give the command that brings back, on evidence, whatever is out because of us."""
    return f"{hints.rollout} recover"


def _when(summary: RunSummary, out: Iterable[str]) -> str:
    """Say which targets come back, and what must be true before."""
    asked = [sanitize(name) for name in out if summary.lines[name].asked]
    never = [sanitize(name) for name in out if not summary.lines[name].asked]
    said = [f"{', '.join(asked)}, once every instance of it runs and answers"] if asked else []
    said += [f"{', '.join(never)}, at once: never asked to restart"] if never else []
    return "; ".join(said)
