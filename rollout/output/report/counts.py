"""How many servers, and which are missing: the words that every summary shares."""

from collections.abc import Sequence

from rollout.model.nouns import counted
from rollout.output.deploy_sentences import some
from rollout.output.messages import RunResult
from rollout.output.report.serving_now import serving_now
from rollout.summary.run import Exit, RunSummary
from rollout.summary.target import TargetPhase

OUT_STATES = frozenset({"maint", "drain"})
FEW = 4
"""Server lines that are named before only their number is."""


def targets(summary: RunSummary, count: int = 0) -> str:
    """Count what the run is about: hosts, or instances where each goes out by itself.

    Args:
        summary: What the run was about.
        count: How many there are, where it is not about all.
    """
    return counted(max(count, len(summary.lines)), summary.lines)


def out_words(state: str) -> str:
    """Say how a target that did not come back stands in HAProxy."""
    if state in OUT_STATES:
        return f"out of rotation ({state})"
    return "not known to serve" if state in {"", "unknown"} else f"not known to serve ({state})"


def missing(summary: RunSummary) -> str:
    """Name what is out of rotation, and what is not known to serve."""
    if not summary.out:
        return "no server is out because of this run"
    out = [name for name in summary.out if summary.lines[name].state in OUT_STATES]
    down = [name for name in summary.out if summary.lines[name].standing is TargetPhase.DOWN]
    unknown = [name for name in summary.out if name not in {*out, *down}]
    said = [
        _are(out, "OUT OF ROTATION"),
        _are(down, "DOWN again"),
        _are(unknown, "NOT KNOWN TO SERVE"),
    ]
    return ", ".join(part for part in said if part)


def capacity(summary: RunSummary) -> str:
    """Say how many servers serve, as sentences to be added; where none is counted, of how many.

    Empty where nothing is out and no server was counted.
    """
    if said := serving_now(summary):
        return said
    if not summary.out:
        return ""
    of_all = 0 if summary.rolling else summary.fleet  # a restart counts what it is about
    return f" {_of(len(summary.out), targets(summary, of_all))}."


def _of(count: int, total: str) -> str:
    return f"That is {count} of {total}"


def earlier(summary: RunSummary) -> str:
    """Say how many of those who are done were so before, where a run was gone on with."""
    before = [x for x in summary.lines.values() if x.standing is TargetPhase.DONE and x.reason]
    return f", {len(before)} of them by run {summary.resumed}," if before else ""


def _are(names: Sequence[str], what: str) -> str:
    return f"{some(names)} {'is' if len(names) == 1 else 'are'} {what}" if names else ""


def skipped_words(summary: RunSummary, what: str = "Skipped") -> str:
    """Name what was skipped, and why, as a sentence to be added; empty when nothing was."""
    skipped = summary.named(TargetPhase.SKIPPED)
    reason = "; ".join(f"{name} ({summary.lines[name].reason})" for name in skipped)
    return f" {what}: {reason}." if skipped else ""


def visited_words(summary: RunSummary) -> str:
    """Say how many visitors HAProxy sent to servers in maint; empty where it sent none."""
    visited = {name: line.visited for name, line in summary.lines.items() if line.visited}
    if not visited:
        return ""
    count = sum(visited.values())
    many = "1 visitor" if count == 1 else f"{count} visitors"
    return (
        f"HAProxy sent {many} to {', '.join(visited)} in maint (`force-persist` or "
        "`option persist`): they may have failed."
    )


def stopped(ending: RunResult) -> str:
    """Say what stopped the run."""
    summary = ending.summary
    if Exit.BUG in {ending.outside, ending.exit_code}:
        return "stopped by a bug of its own"
    if summary.interrupted:
        return f"interrupted by {summary.stop or 'a second signal'}"
    return "finished" if summary.finished else "halted"


def none_missing(summary: RunSummary) -> str:
    """Say that all serve, as the end of a sentence.

    Empty where one was not seen to, or a load balancer was not asked; what was skipped is held
    out from outside.
    """
    skipped = summary.named(TargetPhase.SKIPPED)
    if summary.unseen or {*summary.lines} - {*skipped} - summary.serving:
        return ""
    others = " others" if skipped else ""
    return f", all{others} serving"


def afterwards(summary: RunSummary) -> str:
    """Say what the last look showed and what the visitors met, as sentences to be added."""
    idle = [f"{name} ({line.now})" for name, line in summary.lines.items() if line.now]
    cut = {name: line.cut for name, line in summary.lines.items() if line.cut}
    each = ", ".join(f"{name} {count}" for name, count in cut.items())
    skipped = [summary.lines[name].reason for name in summary.named(TargetPhase.SKIPPED)]
    idle_others = [one for one in summary.others if not any(one in why for why in skipped)]
    others = idle_others[:FEW]
    others += [f"{len(idle_others) - FEW} more"] if len(idle_others) > FEW else []
    said = [
        f"Not serving now, and not because of this run: {'; '.join(idle)}." if idle else "",
        f"{_were(sum(cut.values()))} cut off: {each}." if cut else "",
        visited_words(summary),
        f"Besides, {'; '.join(others)}." if others else "",
        f"At the end {', '.join(summary.unseen)} did not answer." if summary.unseen else "",
    ]
    return "".join(f" {part}" for part in said if part)


def sessions(count: int) -> str:
    """Count sessions."""
    return "1 session" if count == 1 else f"{count} sessions"


def _were(count: int) -> str:
    return f"{sessions(count)} {verb(count, 'was', 'were')}"


def verb(count: int, one: str = "serves", many: str = "serve") -> str:
    """Choose the form that goes with a number."""
    return one if count == 1 else many
