"""The account of a deploy below its first sentence: which release is where, and what to type."""

import shlex
from collections.abc import Iterator

from rollout.deploy_ledger import Deployment, Phase
from rollout.ledger import Exit
from rollout.render.deploy_consequence import runs_new, runs_old
from rollout.render.deploy_words import some, why_failed
from rollout.render.told import Ending


def host_rows(deploy: Deployment) -> Iterator[tuple[str, str, str]]:
    """List the hosts of which the targets tell nothing, as (hosts, what is with them, why)."""
    alike: dict[tuple[str, str, str], list[str]] = {}
    for host, failure in deploy.failed.items():
        alike.setdefault((failure.step, why_failed(failure), failure.log), []).append(host)
    for (step, because, log), hosts in alike.items():
        yield some(hosts), f"failed at {step}", because
        if log:
            yield "", "", f"all of its output: {log}"
    for host, because in deploy.unrestored.items():
        yield host, "not taken back", because
    for host, because in deploy.leftovers.items():
        if host not in deploy.unrestored:
            yield host, "left over", because


def release_rows(ending: Ending) -> Iterator[tuple[str, str]]:
    """Say who runs which release, where there are two, as (label, text)."""
    ledger, deploy = ending.ledger, ending.ledger.deploy
    if deploy.phase is Phase.NONE or deploy.phase.undone or not ledger.started:
        return
    if ending.exit_code is Exit.DONE:
        return
    new, old = runs_new(ledger), runs_old(ledger)
    if new:
        yield "new release", ", ".join(new)
    if old:
        yield "old release", ", ".join(old)
    moved = [h for h in deploy.hosts if h in deploy.moved and (h in old or h not in ledger.lines)]
    if moved:
        yield "", f"`current` leads to the new one on {', '.join(moved)}: a process that dies there"
        yield "", "comes back as new code, so do not leave it like this for long"


def causes(deploy: Deployment) -> tuple[str, ...]:
    """List what stopped the deploy, where neither the first sentence nor a row says it."""
    said = [deploy.because] if deploy.phase in {Phase.ROLLED_BACK, Phase.ROLLBACK_HALTED} else []
    said += [
        f"the hook `{hook}` failed: {words}"
        for hook, words in deploy.warnings.items()
        if hook != "before"  # that one stops everything, and stands among the findings
    ]
    return tuple(word for word in said if word)


def deploy_steps(ending: Ending) -> Iterator[tuple[str, str]]:
    """List what to type about the release, as (label, text), after whatever brings servers back."""
    deploy = ending.ledger.deploy
    if deploy.phase is Phase.NONE or ending.exit_code is Exit.DONE:
        return
    for host in deploy.unrestored:
        yield "look", to_see_current(host, ending)
    back = f"{ending.hints.rollout} rollback"
    fresh = f"{ending.hints.rollout} uninterrupted"
    again = fresh if deploy.fresh else f"{back} --to {deploy.release}"
    out = dict.fromkeys(name.partition("/")[0] for name in ending.ledger.out)  # host/instance
    but = f" --exclude {shlex.quote(','.join(out))}" if out else ""
    who = "the others" if out else "all servers"
    match deploy.phase:
        case Phase.PREPARING:
            yield "go on", f"{again}   # it first takes back what is left of this one"
        case _ if deploy.phase.undone:
            label = "once mended" if deploy.failed or deploy.phase is Phase.ROLLED_BACK else "again"
            left = deploy.unrestored or deploy.leftovers
            yield label, f"{again}{'   # it first takes back what is left' if left else ''}"
        case Phase.LIVE:
            return
        case _:
            yield "go on", f"{again}{but}   # {who} on the new release"
            yield "or back", f"{back}{but}   # {who} on the one before"


def to_see_current(host: str, ending: Ending) -> str:
    """Give the command that shows where ``current`` of ``host`` leads."""
    if ending.hints.see_current:
        return ending.hints.see_current.replace("{host}", host)
    return f"{ending.hints.rollout} releases --hosts {host}"
