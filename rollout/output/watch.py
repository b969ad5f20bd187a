"""What ``status --watch`` shows: how far the run under way is, and below it the whole status."""

from collections.abc import Sequence

from rollout.model.lock_state import Kind
from rollout.model.past_runs import UnfinishedRun
from rollout.output.status import FleetStatus, status_table
from rollout.output.terminal import Size
from rollout.text.elapsed import in_words
from rollout.text.sanitize import sanitize
from rollout.text.width import truncate

NO_RUN = "no run is under way"


def watch_text(status: FleetStatus, at: str) -> str:
    """Say the time and how far the run is, and below it what ``rollout status`` says."""
    return f"{at}  {progress(status.found)}\n\n{status_table(status)}"


def progress(found: Sequence[UnfinishedRun]) -> str:
    """Say how far the run is that holds the lock: by its journal, or as far as the lock tells.

    The journal of a run lies on its bastion; from another one only the lock is seen.
    """
    run = next((one for one in found if one.held and one.owner.kind is Kind.RUN), None)
    if run is None or run.held is None:
        return NO_RUN
    out = ", ".join(one.target.name for one in run.owned_targets) or "no host"
    parts = [f"run {run.owner.run} of {run.owner.who}"]
    if run.past is not None and run.past.targets:
        done = sum(name in run.past.done for name in run.past.targets)
        parts.append(f"{done} of {len(run.past.targets)} done")
    elif run.past is None:
        parts.append(f"its journal is on {run.owner.process.host}")
    parts.append(f"{out} out")
    if run.certain:
        parts.append("it is over")
    else:
        parts += [f"paused ({run.held.paused})"] if run.held.paused else []
        ago = in_words(max(run.held.seconds_since_heartbeat, 0.0))
        parts.append(f"sign of life {ago} ago")
    return sanitize(" · ".join(parts))


def facts(status: FleetStatus) -> tuple[object, ...]:
    """Give what is worth a new text off a terminal: no clock, and no count of sessions."""
    rows = [
        (str(row.server), row.status, row.admin, row.weight)
        for host in status.servers.values()
        for row in host
    ]
    instances = [
        (one.host, state.name, state.detail, state.pending, state.process)
        for one in status.snapshot.hosts
        for state in one.instances
    ]
    runs = [
        (
            run.owner.run,
            run.certain,
            run.held and (run.held.paused, run.held.ended),
            tuple(one.target.name for one in run.owned_targets),
            run.past and run.past.done,
        )
        for run in status.found
    ]
    findings = [(finding.where, finding.what) for finding in status.snapshot.findings]
    return rows, instances, runs, findings


def redrawn(text: str, size: Size) -> str:
    """Draw ``text`` over what stood on the terminal; what does not fit is counted.

    One row is left free, for the cursor; the newline that takes it there is added in printing.
    """
    rows = max(1, size.rows - 1)
    lines = text.splitlines()
    if len(lines) > rows:
        left = len(lines) - rows + 1
        lines = [*lines[: rows - 1], f"… {left} more lines: `rollout status` shows all"]
    shown = (f"{truncate(line, max(1, size.columns - 1))}\x1b[K" for line in lines)
    return "\x1b[H" + "\n".join(shown) + "\x1b[J"
