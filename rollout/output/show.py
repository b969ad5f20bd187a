"""One past run for people: who, when, why, and what became of each target."""

from collections.abc import Iterator, Mapping

from rollout.history.view import RunView, TargetView
from rollout.output.columns import Row, table
from rollout.output.impact_words import counter_words, gap_words, impact_words
from rollout.output.past_words import (
    NOT_BACK,
    NOT_RECORDED,
    clock,
    code_words,
    later_words,
    moment,
    short,
    standing_of,
    verb_words,
)
from rollout.output.report.next_steps import to_bring_back
from rollout.output.report.report import reason_of
from rollout.output.report.what_to_type import WHOLE_FLEET
from rollout.output.who_words import who_words
from rollout.summary.out_times import BOOT, CHECK, DRAIN, MAINT, WATCH
from rollout.summary.target import TargetPhase
from rollout.text.sanitize import sanitize
from rollout.text.wrap import hang

HEADINGS = (
    *("HOST", "RESULT", "OUT FROM", "UNTIL"),
    *("DRAIN", "MAINT", "BOOT", "CHECK", "WATCH", "OUT"),
)
SPARED = ("WATCH", "CHECK", "MAINT", "DRAIN", "BOOT")
PHASES = (DRAIN, MAINT, BOOT, CHECK, WATCH)
SEALED = "hmac:"
"""How the digest of a secret begins, which a journal has in its place."""
LABELS = len("settings") + 2


def show_text(view: RunView, columns: int, *, servers: bool = False) -> str:
    """Write what is known of a past run.

    Args:
        view: The run.
        columns: Where prose is broken.
        servers: Say of each server what its visitors met.
    """
    parts = [
        [title(view)],
        [line for label, text in facts(view) for line in _labelled(label, text, columns)],
        [_targets(view)],
        [_processes(view)],
        [x for said in reason_words(view) for x in hang("", sanitize(said), columns)],
        _impact(view, columns, servers=servers),
        _later(view, columns),
        _labelled("settings", settings_words(view), columns),
    ]
    return "\n\n".join("\n".join(part) for part in parts if any(part)) + "\n"


def title(view: RunView) -> str:
    """Say what the run was and how it ended: ``run 3f654d: restart, shop, reduced (6)``."""
    record = view.record
    env = f" ({record.began.env})" if record.began.env else ""
    did = verb_words(record.overview)
    return sanitize(f"run {record.run}: {did}, {record.began.app}{env}, {result_of(view)}")


def result_of(view: RunView) -> str:
    """Say how the run ended."""
    end = view.record.end
    if end is not None:
        return code_words(end.exit_code)
    return "under way" if view.is_alive else "died"


def facts(view: RunView) -> Iterator[tuple[str, str]]:
    """Yield what is known of the run as a whole, each with its label."""
    record, began, end = view.record, view.record.began, view.record.end
    yield "who", who_words(began)
    yield "when", f"{moment(first_moment(view))} to {_until(view)}, {short(record.seconds)}"
    yield "reason", began.reason or ("none given" if record.is_complete else NOT_RECORDED)
    yield "typed", began.command or NOT_RECORDED
    yield "version", began.version or NOT_RECORDED
    yield "file", began.config or NOT_RECORDED
    if end is not None:
        yield "result", end.sentence
        for cause in record.causes:
            yield "why", cause
    elif not view.is_alive:
        yield "result", "the run died: it told no end"
    if said := release_words(view):
        yield "release", said
    if record.taken_over_by:
        yield "then", f"run {record.taken_over_by} answers for what it left"


def release_words(view: RunView) -> str:
    """Name the release that a run was about, and those before it; empty for a restart."""
    deploy = view.record.summary.deploy
    if not deploy.release:
        return ""
    revision = f" ({deploy.revision[:12]})" if deploy.revision else ""
    before = ", ".join(dict.fromkeys(filter(None, deploy.before.values())))
    return f"{deploy.release}{revision}, {deploy.phase}" + (f", before {before}" if before else "")


def settings_words(view: RunView) -> str:
    """Name the settings that differed from the defaults; none where none did."""
    if not view.record.settings:
        return NOT_RECORDED
    said = [f"{key} = {shown_setting(text)}" for key, text in view.settings.items()]
    flags = [f"{flag} {text}" for flag, text in view.record.flags.items()]
    typed = f" (typed: {', '.join(flags)})" if flags else ""
    return f"{', '.join(said) or 'all as by default'}{typed}"


def shown_setting(text: str) -> str:
    """Return a setting as it is shown; of a secret there is only a digest."""
    return "***" if text.startswith(SEALED) else text


def first_moment(view: RunView) -> str:
    """Return when a run told its first event, in UTC; of one that told none, when it began."""
    events = view.record.events
    return events[0].at if events else view.record.began.since


def _until(view: RunView) -> str:
    record = view.record
    if record.end is not None:
        return clock(record.end.at, _day(view))
    return clock(record.events[-1].at, _day(view)) + " (its last event)" if record.events else "?"


def _day(view: RunView) -> str:
    return first_moment(view).partition("T")[0]


def _labelled(label: str, text: str, columns: int) -> list[str]:
    return hang(f"{label:<{LABELS}}", sanitize(text, WHOLE_FLEET), columns)


def _targets(view: RunView) -> str:
    rows = [row for target in view.targets for row in target_rows(target, _day(view))]
    return table(HEADINGS, [[sanitize(cell) for cell in row] for row in rows], spared=SPARED)


def target_rows(target: TargetView, day: str) -> Iterator[Row]:
    """Yield a row for each earlier turn of a target, and one for how it stood at the end."""
    for turn in target.turns[:-1]:
        spent = [short(turn.phases.get(phase)) for phase in PHASES]
        until = clock(turn.until, day) if turn.until else ""
        out = short(turn.seconds)
        yield target.name, "an earlier turn", clock(turn.since, day), until, *spent, out
    phases = target.phases
    yield (
        target.name,
        standing_of(target),
        clock(target.since, day) if target.turns else "",
        clock(target.until, day),
        *(short(phases.get(phase)) for phase in PHASES),
        out_cell(target),
    )


def out_cell(target: TargetView) -> str:
    """Say how long a target was out; of one that is not back, as far as is known, so."""
    if target.line.standing.out and target.back_by is None:
        return NOT_BACK
    return short(target.seconds)


def _processes(view: RunView) -> str:
    rows = [
        (target.name, pid_words(target), target.line.release)
        for target in view.targets
        if target.pids or target.line.release
    ]
    shown = [[sanitize(cell) for cell in row] for row in rows]
    return table(("HOST", "PIDS BEFORE -> AFTER", "RELEASE"), shown)


def pid_words(target: TargetView) -> str:
    """Name the process of each instance before and after its restart: ``app_1 4711 -> 4812``."""
    return ", ".join(
        f"{name} {'?' if before is None else before} -> {'?' if after is None else after}"
        for name, (before, after) in target.pids.items()
    )


def reason_words(view: RunView) -> list[str]:
    """Say of each target that was not restarted why, where that is known."""
    return [
        f"{target.name}: {said}"
        for target in view.targets
        if target.line.standing is not TargetPhase.DONE and (said := reason_of(target.line))
    ]


def _impact(view: RunView, columns: int, *, servers: bool) -> list[str]:
    impact = view.record.summary.impact
    if impact is None:
        return _labelled("impact", NOT_RECORDED, columns)
    lines = _labelled("impact", impact_words(impact), columns)
    if len(impact.backends) > 1:
        for one in impact.backends:
            floor = f", floor {one.floor}" if one.floor else ""
            least = f", lowest {one.lowest} of {one.members}{floor}" if one.members else ""
            said = f"{counter_words(one.counters)}{least}"
            lines += hang(f"  {sanitize(one.place)}: ", sanitize(said), columns)
    if servers:
        for name, counted in view.record.servers.items():
            lines += hang(f"  {sanitize(name)}: ", counter_words(counted), columns)
    measured = impact.backends or gap_words(impact) or impact.cut or impact.visited
    return lines if measured else []


def _later(view: RunView, columns: int) -> list[str]:
    said = later_words(view.later)
    return _labelled("later", "; ".join(said), columns) if said else []


def by_hand_text(view: RunView, reach: Mapping[str, str]) -> str:
    """Give HAProxy's commands that make ready what the run left out and no later run put back.

    Args:
        view: The run.
        reach: For each load balancer the command that passes its input to the admin socket.
    """
    out = [one for one in view.targets if one.line.standing.out and one.back_by is None]
    lines = [
        line
        for target in out
        for step in to_bring_back(target.line, reach)
        for line in (f"# {sanitize(target.name)}, {step.comment}", step.command)
        if line
    ]
    if not lines:
        return f"no host is out because of run {view.record.run}\n"
    warning = "# unchecked: visitors meet whatever answers there; `rollout recover` checks first"
    return "\n".join([warning, *lines]) + "\n"
