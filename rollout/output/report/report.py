"""The summary for people: consequence first, then who, then why, then what to type."""

import re
from collections.abc import Iterable, Iterator

from rollout.model.fleet import Finding
from rollout.output.impact_words import impact_words
from rollout.output.messages import RunResult
from rollout.output.report.counts import OUT_STATES
from rollout.output.report.deploy_report import causes as deploy_causes
from rollout.output.report.deploy_report import deploy_steps, host_rows, release_rows
from rollout.output.report.headline import headline
from rollout.output.report.next_step import NextStep, is_command
from rollout.output.report.next_steps import host_of, next_steps, to_understand, to_wait
from rollout.output.report.run_line import run_line
from rollout.output.report.what_to_type import MARGIN, WHOLE_FLEET, steps_to_type
from rollout.output.terminal import USUAL
from rollout.summary.deploy import DeploySummary, Phase
from rollout.summary.run import Exit
from rollout.summary.target import TargetPhase, TargetSummary
from rollout.text.elapsed import in_words
from rollout.text.sanitize import sanitize
from rollout.text.width import cells, padded
from rollout.text.wrap import hang

LONG_FLEET = 20
"""With more targets than this, those that need no attention share a line."""
EACH = "HOST"
"""Stands for the host in a command that fixes the same on several hosts."""
NAMED = 2
"""Places of one finding that stand beside it; of more their number does."""
GROUPED = (TargetPhase.DONE, TargetPhase.UNTOUCHED)


def summary_text(ending: RunResult, columns: int = USUAL) -> str:
    """Write the summary: one sentence for a good run, everything for any other.

    The parts stand in the order in which the person with the pager asks: what does my fleet
    look like, who is it, why, what do I type.  What is out stands first.

    Args:
        ending: How the run ended.
        columns: Where prose is broken; a command is not, whatever its length.
    """
    first = hang("rollout: ", sanitize(f"{verdict(ending)}{headline(ending)}"), columns)
    parts = [[*first, *_impact(ending, columns)]]
    if ending.exit_code is not Exit.DONE:
        parts += [
            findings_lines(ending.summary.findings, columns),
            _table(ending, columns),
            _disks(ending, columns),
            *_labelled(ending, columns),
            *steps_to_type(ending, steps_of(ending), columns),
            run_line(ending, columns),
        ]
    else:
        parts[0] += run_line(ending, columns)
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def verdict(ending: RunResult) -> str:
    """Return the first words of a run that did not end well: ``FAILED (exit 6): ``.

    Empty for one that did, and for one that changed nothing: its sentence begins with that.
    """
    code = ending.exit_code
    if code in {Exit.DONE, Exit.USAGE, Exit.REFUSED, Exit.BUSY}:
        return ""
    asked_for = code in {Exit.INTERRUPTED, Exit.TERMINATED}
    asked_for |= code is Exit.HALTED and bool(ending.summary.stop)
    return f"{'STOPPED' if asked_for else 'FAILED'} (exit {code.value}): "


def _impact(ending: RunResult, columns: int) -> list[str]:
    """Say what visitors met, where it was measured."""
    impact = ending.summary.impact
    return hang("impact:  ", impact_words(impact), columns) if impact is not None else []


def steps_of(ending: RunResult) -> tuple[NextStep, ...]:
    """List what to type next, in order, and last what explains the exit code.

    Nothing after a good run.
    """
    if ending.exit_code is Exit.DONE:
        return ()
    steps = list(next_steps(ending.summary, ending.hints))
    for label, text in deploy_steps(ending):
        steps.append(NextStep.of(label or steps[-1].label, text))
    wait = to_wait(ending.hints) if ending.exit_code is Exit.BUSY else ()
    return (*steps, *wait, to_understand(ending.exit_code, ending.hints))


SSH = r"\bssh (?:-[Fl] (?:'[^']*'|\S+) )*(?:-t )?"
"""ssh as the settings have it typed (``ssh.config``, ``ssh.user``), up to the host."""


def findings_lines(findings: Iterable[Finding], columns: int = USUAL) -> list[str]:
    """Lay out findings, each with its fix below it; the same one in many places once.

    A fix that is a command is not broken.
    """
    places: dict[tuple[str, str], list[str]] = {}
    for finding in findings:
        fix = _typed_on(EACH, finding.where, finding.fix)
        places.setdefault((finding.what, fix), []).append(sanitize(finding.where))
    named = {places: _place_words(places) for places in map(tuple, places.values())}
    width = max(map(cells, named.values()), default=0)
    beside = f"{MARGIN}{' ' * width}   "
    lines: list[str] = []
    for (what, said), where in places.items():
        name = named[tuple(where)]
        lines += hang(f"{MARGIN}{padded(name, width)}   ", sanitize(what), columns)
        if len(where) > NAMED:
            lines += hang(f"{beside}at: ", ", ".join(where), columns)
        typed = said if len(where) > 1 else _typed_on(where[0], EACH, said)
        label = "fix: "
        for fix in (sanitize(line) for line in typed.splitlines() if line.strip()):
            head = f"{beside}{label}"
            lines += [f"{head}{fix}"] if is_command(fix) else hang(head, fix, columns)
            label = " " * len(label)
    return lines


def _typed_on(host: str, before: str, fix: str) -> str:
    """Return ``fix`` with its commands typed on ``host`` in place of ``before``."""
    return re.sub(rf"({SSH}){re.escape(before)} ", lambda found: f"{found[1]}{host} ", fix)


def _place_words(where: tuple[str, ...]) -> str:
    return f"{len(where)} places" if len(where) > NAMED else ", ".join(where)


def _table(ending: RunResult, columns: int) -> list[str]:
    if ending.exit_code in {Exit.USAGE, Exit.BUSY}:
        return []
    lines = ending.summary.lines
    first = {name: lines[name] for name in ending.summary.out}
    lines = {**first, **lines}
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
        rows += (
            [(f"{len(names)} {phase_words(standing)}", sanitize(", ".join(names)))] if names else []
        )
    return _aligned(rows, columns)


WORDS = {
    TargetPhase.UNTOUCHED: "not restarted",
    TargetPhase.CLAIMED: "taking out",
    TargetPhase.MAINT: "in maint",
    TargetPhase.PROVING: "verifying",
    TargetPhase.PROBATION: "checking",
    TargetPhase.RETURNED: "in rotation",
    TargetPhase.NOT_TAKEN: "not restarted",
    TargetPhase.GIVEN_BACK: "put back",
}
"""How a state is called on a screen, where its wire name is another word."""


def standing_words(line: TargetSummary) -> str:
    """Say where a target stands, and for one that did not come back how HAProxy has it."""
    if line.standing is TargetPhase.LEFT_OUT:
        if line.state in OUT_STATES:
            return f"out ({line.state})"
        return "unknown" if line.state in {"", "unknown"} else f"unknown ({sanitize(line.state)})"
    return phase_words(line.standing)


def phase_words(standing: TargetPhase) -> str:
    """Name a state as the screen does."""
    return WORDS.get(standing, standing.value)


def reason_of(line: TargetSummary) -> str:
    """Say why it stands there.

    A target that was not restarted has no reason; it may only have waited for its turn.
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
            return "serving, watched until stable"
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
    out = "" if line.seconds is None else f", out for {in_words(line.seconds)}"
    if line.reason:
        return f"{runs}, restarted in part ({line.reason}){out}"
    return f"{runs if line.release else 'serving as it was found, not restarted'}{out}"


def _of_current(name: str, line: TargetSummary, deploy: DeploySummary) -> str:
    """Say of a target that was not restarted where `current` of its host leads."""
    host = host_of(name)
    if line.standing is not TargetPhase.UNTOUCHED or line.now:
        return ""
    if host in deploy.restored:
        return "`current` is as it was before"
    if host in deploy.moved and deploy.phase is not Phase.NONE and not deploy.seen:
        return "`current` leads to the new release already"
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


def _disks(ending: RunResult, columns: int) -> list[str]:
    """Lay out the hosts on which a step failed, or something was not undone."""
    rows = tuple(host_rows(ending.summary.deploy))
    width = max((cells(sanitize(row.hosts)) for row in rows), default=0)
    heads = [f"{padded(sanitize(row.hosts), width)}   {row.what}" for row in rows]
    wide = max(map(cells, heads), default=0)
    below = f"{MARGIN}{' ' * width}   | "
    lines: list[str] = []
    for head, row in zip(heads, rows, strict=True):
        lines += hang(f"{MARGIN}{padded(head, wide)}   ", sanitize(row.reason), columns)
        lines += [f"{below}{sanitize(printed)}" for printed in row.tail]
    return lines


def _labelled(ending: RunResult, columns: int) -> Iterator[list[str]]:
    """Lay out who runs what, and the causes, with their labels in one column."""
    causes = [("why" if n == 0 else "", cause) for n, cause in enumerate(why(ending))]
    prose = [list(release_rows(ending)), causes]
    width = max((len(label) for block in prose for label, _ in block), default=0) + 1

    def head(label: str) -> str:
        return f"{MARGIN}{padded(f'{label}:' if label else '', width)}   "

    for block in prose:
        yield [
            line
            for label, text in block
            for line in hang(head(label), sanitize(text, WHOLE_FLEET), columns)
        ]


def _aligned(rows: Iterable[tuple[str, str]], columns: int) -> list[str]:
    rows = list(rows)
    width = max((cells(first) for first, _ in rows), default=0)
    return [
        line
        for first, second in rows
        for line in hang(f"{MARGIN}{padded(first, width)}   ", second, columns)
    ]
