"""What a run would do, for people and for machines: the answer of ``plan``."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import pairwise

from rollout.model.nouns import counted
from rollout.model.planned_run import (
    Commits,
    PlannedCapacity,
    PlannedDisk,
    PlannedRelease,
    PlannedRun,
    PlannedTime,
)
from rollout.output.columns import ForMachines, as_object, columns
from rollout.output.report.report import findings_lines
from rollout.text.durations import spell_duration
from rollout.text.elapsed import in_words
from rollout.text.host_ranges import compact, natural_order
from rollout.text.sanitize import sanitize
from rollout.text.sizes import spell_bytes
from rollout.text.width import cells, padded, truncate
from rollout.text.wrap import hang, wrap

LABEL = 12
"""Columns of the label that each line begins with, the indent included."""

FEW_COMMITS = 10
SHORT = 7
"""Digits of a commit in a sentence."""

AUTHOR = 20
"""Columns of an author's name at most."""

CURVE = 24
"""Columns of a curve at most: of several steps that share one, it shows the lowest."""

BARS = "▁▂▃▄▅▆▇"
PLAIN_BARS = "_.-=#"

LONG_LIST = 4
"""Names from which on a range is written in place of a list."""


def plan_json(planned: PlannedRun) -> ForMachines:
    """Write the plan as one object: what a plan file has, and `--output json`."""
    return as_object(asdict(planned))


def plan_text(planned: PlannedRun, width: int, *, unicode: bool) -> str:
    """Lay out the plan within ``width`` columns; ``unicode``: bars may be drawn."""
    parts = ["\n".join(wrap(_headline(planned), width)), "\n".join(_order(planned, width))]
    facts = [*_release(planned, width), *_serving(planned, width, unicode=unicode)]
    facts += [line for label, text in _facts(planned) for line in _labelled(label, text, width)]
    parts.append("\n".join(facts))
    notes = (f"{note.where}: {note.what}" for note in planned.notes)
    parts.append("\n".join(line for note in notes for line in _labelled("note", note, width)))
    parts.append("\n".join(findings_lines(planned.findings, width)))
    return "\n\n".join(part for part in parts if part) + "\n"


def question(planned: PlannedRun) -> str:
    """Ask whether the run may begin."""
    return f"{_verb(planned)} {_these(planned)}?"


def refused(planned: PlannedRun) -> str:
    """Say in one sentence that the run would be refused."""
    count = len(planned.findings)
    found = f"{count} finding{'' if count == 1 else 's'}"
    return f"{planned.request.verb} would be refused: {found}. Nothing was changed."


def _these(planned: PlannedRun) -> str:
    count = len(planned.targets)
    said = counted(count, [target.name for target in planned.targets])
    return f"this {said.partition(' ')[2]}" if count == 1 else f"these {said}"


def _verb(planned: PlannedRun) -> str:
    words = {"uninterrupted": "Deploy to", "rollback": "Roll back"}
    return words.get(planned.request.verb, "Restart")


def _headline(planned: PlannedRun) -> str:
    request = planned.request
    names = [target.name for target in planned.targets]
    everything = (*names, *(skipped.target for skipped in planned.skipped))
    where = f"{len(names)} of {counted(len(everything), everything)}"
    app = f"{request.app} ({request.env})" if request.env else request.app
    what = {"uninterrupted": f"deploy {app} to", "rollback": f"roll {app} back on"}
    said = what.get(request.verb, f"restart {app} on")
    return f"Plan: {said} {where}. Nothing was changed."


def _order(planned: PlannedRun, width: int) -> Iterable[str]:
    """One line for each wave, then what is skipped."""
    first = 1
    rows: list[tuple[str, str, str]] = []
    for number, wave in enumerate(planned.waves, start=1):
        last = first + len(wave) - 1
        is_last = number == len(planned.waves)
        what = _pace(planned, len(wave)) if is_last else _canary(planned, len(wave))
        rows.append((f"{first}-{last}" if last > first else f"{first}", folded(wave), what))
        first = last + 1
    by_reason: dict[str, list[str]] = {}
    for skipped in planned.skipped:
        by_reason.setdefault(skipped.reason, []).append(skipped.target)
    rows += [("skip", folded(names), reason) for reason, names in by_reason.items()]
    left = [target for target in planned.targets if target.left_by]
    rows += [(" also", one.name, f"left out of rotation by run {one.left_by}") for one in left]
    names_wide = max((cells(names) for _, names, _ in rows), default=0)
    for place, names, what in rows:
        head = f"  {place:<8}"
        beside = f"{head}{names}{' ' * (names_wide - cells(names))}  "
        if cells(beside) > width // 2:
            yield from hang(head, names, width)
            yield from hang(" " * cells(head), sanitize(what), width) if what else ()
        else:
            yield from hang(beside, sanitize(what), width)


def _canary(planned: PlannedRun, count: int) -> str:
    said = ["canary" if count == 1 else "canaries"]
    said += [f"{spell_duration(planned.soak_seconds)} soak"] if planned.soak_seconds else []
    said += ["it asks whether to go on"] if planned.pause_after_canary else []
    return ", then ".join(said)


def _pace(planned: PlannedRun, count: int) -> str:
    """Say how many go at once, and what keeps it from being more."""
    if planned.stuck or not planned.at_once or (count == 1 and not planned.limited_by):
        return ""
    said = f"{min(planned.at_once, count)} at a time"
    if not planned.limited_by:
        return said
    return (
        f"{said} (max-out is {planned.max_out}, but floor {planned.floor} allows only "
        f"{planned.at_once})"
    )


def folded(names: Sequence[str]) -> str:
    """Write names as ``--hosts`` takes them; as ranges where that keeps their order."""
    in_order = list(names) == sorted(names, key=natural_order)
    if len(names) < LONG_LIST or not in_order:
        return ", ".join(names)
    return ",".join(compact(names))


def _labelled(label: str, text: str, width: int) -> list[str]:
    return hang(f"  {label:<{LABEL - 2}}", sanitize(text), width)


def _release(planned: PlannedRun, width: int) -> list[str]:
    release = planned.release
    if release is None:
        return []
    lines = _labelled("release", _release_words(release), width)
    lines += _labelled("commits", _commit_words(release.commits), width)
    lines += [truncate(" " * LABEL + row, width) for row in _commit_rows(release.commits)]
    if release.disks:
        lines += _labelled("disk", _disk_words(release.disks), width)
    moves = {
        "together": "on all hosts before the first restart",
        "each": "on each host while it is out of rotation",
    }
    how = f"moves {moves[release.switch]} (switch = {release.switch})"
    undo = "the release is taken back" if release.on_failure == "rollback" else "the run stops"
    return [
        *lines,
        *_labelled("current", f"{how}; if a host does not come up, {undo}", width),
    ]


def _release_words(release: PlannedRelease) -> str:
    revision = release.revision[:SHORT] or "of an unknown revision"
    new = f"{release.ref} {revision}".strip() if release.fresh else f"{release.name} ({revision})"
    subject = next(
        (one.subject for one in release.commits.listed if one.revision == release.revision), ""
    )
    said = f'{new} "{subject}"' if subject else new
    live: dict[str, list[str]] = {}
    for host, name in release.live.items():
        known = release.live_revisions.get(host, "")[:SHORT]
        live.setdefault(f"{name or 'none'}{f' ({known})' if known else ''}", []).append(host)
    if len(live) == 1:
        return f"{said}; live now: {next(iter(live))}"
    each = (f"{name} on {folded(hosts)}" for name, hosts in live.items())
    return f"{said}; live now: {', '.join(each)}"


def _commit_words(commits: Commits) -> str:
    if commits.unknown:
        return f"not known: {commits.unknown}"
    if not commits.count and not commits.gone:
        return "none: this is what is live"
    more = f"{commits.count} more than what is live" if commits.count else ""
    less = f"without {commits.gone} that are live" if commits.gone else ""
    return ", ".join(part for part in (more, less) if part)


def _commit_rows(commits: Commits) -> Iterable[str]:
    shown = [
        (one.revision[:SHORT], sanitize(one.author), sanitize(one.subject))
        for one in commits.listed
    ]
    wide = min(AUTHOR, max((cells(author) for _, author, _ in shown), default=0))
    for revision, author, subject in shown[:FEW_COMMITS]:
        yield f"{revision}  {padded(author, wide)}  {subject}"
    if commits.count > FEW_COMMITS:
        yield f"and {commits.count - FEW_COMMITS} more"


def _disk_words(disks: Sequence[PlannedDisk]) -> str:
    tightest = min(disks, key=lambda one: one.free - (one.needed or 0))
    needed = "not known" if tightest.needed is None else f"about {spell_bytes(tightest.needed)}"
    least = f"{spell_bytes(tightest.free)} free on {tightest.host}, needed {needed}"
    return least if len(disks) == 1 else f"{least}; no host has less to spare"


def _serving(planned: PlannedRun, width: int, *, unicode: bool) -> list[str]:
    rows = [
        (
            one.place,
            f"now {one.serving} of {one.members}",
            f"lowest {one.lowest}",
            f"floor {one.floor}",
            curve(one, unicode=unicode),
        )
        for one in planned.capacity
    ]
    lines = columns(rows).split("\n") if rows else []
    labels = ["serving", *[""] * len(lines)]
    found: list[str] = []
    for label, line in zip(labels, lines, strict=False):
        head = f"  {label:<{LABEL - 2}}"
        found += hang(head, sanitize(line), width)
    return found


def curve(capacity: PlannedCapacity, *, unicode: bool) -> str:
    """Draw how many serve at each step, between the highest and the lowest number."""
    counts = capacity.curve
    if len(set(counts)) < 2:  # noqa: PLR2004 - one height is no curve
        return ""
    bars = BARS if unicode else PLAIN_BARS
    most, least = max(counts), min(counts)
    if len(counts) > CURVE:
        edges = [round(n * len(counts) / CURVE) for n in range(CURVE + 1)]
        counts = tuple(min(counts[a:b]) for a, b in pairwise(edges))
    drawn = "".join(bars[(len(bars) - 1) * (c - least) // (most - least)] for c in counts)
    return f"{most}{drawn}{least}"


def _facts(planned: PlannedRun) -> Iterable[tuple[str, str]]:
    if planned.stuck:
        yield "stops", planned.stuck
    yield "time", _time_words(planned.time, planned)
    yield from _traffic(planned.capacity)
    if planned.capacity:
        yield "sessions", _session_words(planned)
    for text in planned.watch:
        yield "watch", text
    last = f"; last {planned.last_run}" if planned.last_run else ""
    yield "lock", f"{planned.lock}{last}"


def _time_words(time: PlannedTime, planned: PlannedRun) -> str:
    if time.usual_seconds is None or time.slow_seconds is None:
        return "not known: no earlier run of these is recorded here"
    soak = f"{spell_duration(time.soak_seconds)} soak + " if time.soak_seconds else ""
    known = [one.usual_seconds for one in planned.targets if one.usual_seconds is not None]
    turn = sum(known) / len(known)
    count = len(planned.targets)
    said = (
        f"about {in_words(time.usual_seconds)} (median), {in_words(time.slow_seconds)} (p90): "
        f"{soak}{count} turn{'' if count == 1 else 's'} of {in_words(turn)}"
    )
    if time.unknown:
        verb = "has" if len(time.unknown) == 1 else "have"
        said += f"; {folded(time.unknown)} {verb} no earlier turn"
    return said


def _traffic(capacity: Sequence[PlannedCapacity]) -> Iterable[tuple[str, str]]:
    """Say for each backend its requests now, and what the fewest that serve have more."""
    for number, one in enumerate(capacity):
        where = f"{one.place} " if len(capacity) > 1 else ""
        rate = one.requests_per_second
        said = f"{where}not known" if rate is None else f"{where}{_rate(rate)} req/s now"
        if one.added_load is None:
            said += "; at the lowest point no server of it serves"
        elif one.added_load:
            said += f"; at the lowest point +{one.added_load:.0f}% on each of {one.lowest}"
        yield ("" if number else "traffic"), said


def _rate(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"  # noqa: PLR2004 - two digits tell enough


def _session_words(planned: PlannedRun) -> str:
    known = [one.sessions for one in planned.capacity if one.sessions is not None]
    now = f"{sum(known):,} open" if known else "not known"
    drain, maint = spell_duration(planned.drain_seconds), spell_duration(planned.maint_seconds)
    return f"{now}; each host waits at most {drain} drain + {maint} maint for them"
