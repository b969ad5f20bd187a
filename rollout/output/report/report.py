"""The final account for people: consequence first, then who, then why, then what to type."""

from collections.abc import Iterable

from rollout.model.fleet import Finding
from rollout.output.messages import RunResult
from rollout.output.report.deploy_report import causes as deploy_causes
from rollout.output.report.deploy_report import deploy_steps, host_rows, release_rows
from rollout.output.report.headline import headline
from rollout.output.report.next_step import NextStep, labelled_once
from rollout.output.report.next_steps import host_of, next_steps, to_wait
from rollout.summary.deploy import DeploySummary
from rollout.summary.run import Exit
from rollout.summary.target import TargetPhase, TargetSummary
from rollout.text.elapsed import in_words
from rollout.text.sanitize import sanitize
from rollout.text.width import cells, padded

MARGIN = "  "

LONG_FLEET = 20
"""With more targets than this, those that need no attention share a line."""
WHOLE_FLEET = 50_000
"""Characters that name every host of a large one: what is cut off could not be typed."""
GROUPED = (TargetPhase.DONE, TargetPhase.UNTOUCHED)


def summary_text(ending: RunResult) -> str:
    """Write the summary: one line for a good run, everything for any other.

    The parts stand in the order in which the person with the pager asks: what does my fleet
    look like, who is it, why, what do I type.
    """
    first = f"rollout: {sanitize(headline(ending))}"
    parts = [
        findings_lines(ending.summary.findings),
        _table(ending),
        _disks(ending),
        _labelled(release_rows(ending)),
        _labelled([("why" if n == 0 else "", cause) for n, cause in enumerate(why(ending))]),
        _labelled(labelled_once(steps_of(ending))),
    ]
    if ending.exit_code is Exit.DONE:
        parts = []
    return "\n\n".join([first, *("\n".join(part) for part in parts if part)]) + "\n"


def steps_of(ending: RunResult) -> tuple[NextStep, ...]:
    """List what to type next, in order; nothing after a good run."""
    if ending.exit_code is Exit.DONE:
        return ()
    steps = list(next_steps(ending.summary, ending.hints))
    for label, text in deploy_steps(ending):
        steps.append(NextStep.of(label or steps[-1].label, text))
    return (*steps, *(to_wait(ending.hints) if ending.exit_code is Exit.BUSY else ()))


def findings_lines(findings: Iterable[Finding]) -> list[str]:
    """Lay out findings, each with its fix below it; the same one in many places once."""
    places: dict[tuple[str, str], list[str]] = {}
    for finding in findings:
        places.setdefault((finding.what, finding.fix), []).append(sanitize(finding.where))
    rows = []
    for (what, said), where in places.items():
        many = len(where) > 2  # noqa: PLR2004 - two fit beside the sentence
        rows.append((f"{len(where)} places" if many else ", ".join(where), sanitize(what)))
        rows += [("", f"at: {', '.join(where)}")] if many else []
        fix = [sanitize(line) for line in said.splitlines() if line.strip()]
        rows += [("", f"{'fix: ' if number == 0 else MARGIN}{c}") for number, c in enumerate(fix)]
    return _aligned(rows)


def _table(ending: RunResult) -> list[str]:
    if ending.exit_code in {Exit.USAGE, Exit.BUSY}:
        return []
    lines = ending.summary.lines
    grouped = GROUPED if len(lines) > LONG_FLEET else ()
    single = {name: line for name, line in lines.items() if line.standing not in grouped}
    width = max((cells(sanitize(name)) for name in single), default=0)
    rows = [
        (
            f"{padded(sanitize(name), width)}   {standing_words(line)}",
            sanitize(_of_current(name, line, ending.summary.deploy) or reason_of(line)),
        )
        for name, line in single.items()
    ]
    for standing in grouped:
        names = ending.summary.named(standing)
        rows += [(f"{len(names)} {standing}", sanitize(", ".join(names)))] if names else []
    return _aligned(rows)


def standing_words(line: TargetSummary) -> str:
    """Say where a target stands, and for one that was left out how HAProxy has it."""
    if line.standing is TargetPhase.LEFT_OUT:
        return f"{line.standing} ({sanitize(line.state)})"
    return line.standing.value


def reason_of(line: TargetSummary) -> str:
    """Say why it stands there.

    A target that was not touched has no reason; it may only have waited for room.
    """
    match line.standing:
        case TargetPhase.DONE if line.reason:
            return line.reason
        case TargetPhase.DONE:
            runs = f"serving release {line.release}" if line.release else "serving"
            runs = f"restarted, {not_serving(line)}" if line.now else runs
            return runs if line.seconds is None else f"{runs}, out for {in_words(line.seconds)}"
        case TargetPhase.RECOVERED:
            return _recovered(line)
        case TargetPhase.RETURNED:
            return "serving, not yet seen stable"
        case TargetPhase.UNTOUCHED:
            return line.now
        case _:
            return line.reason


def not_serving(line: TargetSummary) -> str:
    """Say what keeps visitors from a target, though it is not out because of us."""
    return f"not serving now: {line.now}"


def _recovered(line: TargetSummary) -> str:
    """Say of a target that is back how much of its restart had gone through."""
    runs = f"serving release {line.release}" if line.release else "serving"
    if line.now:
        runs = f"was back, {not_serving(line)}"
        return f"{runs}, restarted in part ({line.reason})" if line.reason else runs
    if line.reason:
        return f"{runs}, restarted in part ({line.reason})"
    return runs if line.release else "serving as it was found, not restarted"


def _of_current(name: str, line: TargetSummary, deploy: DeploySummary) -> str:
    """Say of a target that was not touched that something of its host was, and is as before."""
    if line.standing is TargetPhase.UNTOUCHED and host_of(name) in deploy.restored:
        return "`current` is as it was before"
    return ""


def why(ending: RunResult) -> tuple[str, ...]:
    """List the causes that the table does not tell: what halted the run, what is outside of it."""
    summary = ending.summary
    told = {line.reason for line in summary.lines.values()}
    told |= {f"{name}: {line.reason}" for name, line in summary.lines.items()}
    told |= set(deploy_causes(summary.deploy))
    causes = [ending.cause, summary.halted if summary.halted not in told else ""]
    causes += deploy_causes(summary.deploy)
    if ending.outside is Exit.BUG or ending.exit_code is Exit.BUG:
        causes.append(_trace(ending))
    return tuple(sanitize(cause) for cause in causes if cause)


def _trace(ending: RunResult) -> str:
    if not ending.trace:
        return "the run ended without saying how; that is a bug, please report it"
    return f"the traceback is in {ending.trace}"


def _disks(ending: RunResult) -> list[str]:
    """Lay out the hosts on which a step failed, or something was not taken back."""
    rows = tuple(host_rows(ending.summary.deploy))
    width = max((cells(sanitize(row.hosts)) for row in rows), default=0)
    lines = _aligned(
        (f"{padded(sanitize(row.hosts), width)}   {row.what}", sanitize(row.reason)) for row in rows
    )
    below = f"{MARGIN}{' ' * width}   | "
    return [
        said
        for line, row in zip(lines, rows, strict=True)
        for said in (line, *(f"{below}{sanitize(printed)}" for printed in row.tail))
    ]


def _labelled(rows: Iterable[tuple[str, str]]) -> list[str]:
    return _aligned(
        (f"{label}:" if label else "", sanitize(text, WHOLE_FLEET)) for label, text in rows
    )


def _aligned(rows: Iterable[tuple[str, str]]) -> list[str]:
    rows = list(rows)
    width = max((cells(first) for first, _ in rows), default=0)
    return [f"{MARGIN}{padded(first, width)}   {second}".rstrip() for first, second in rows]
