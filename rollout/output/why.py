"""Why a host is as it is now: what the last runs did to it, and what the load balancers say."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rollout.history.host import HostRun, latest_by_target
from rollout.model.conditions import external_hold, receives_traffic
from rollout.model.fleet import Server, ServerState
from rollout.model.past_runs import UnfinishedRun
from rollout.output.columns import VERSION, Row, as_object, columns, table, wrong
from rollout.output.history import MINUTES
from rollout.output.past_words import (
    clock,
    moment,
    result_words,
    short,
    standing_of,
    verb_words,
)
from rollout.output.report.report import reason_of
from rollout.output.show import out_cell
from rollout.output.status import FleetStatus, out_because_of
from rollout.output.who_words import person_words, who_words
from rollout.text.sanitize import sanitize
from rollout.text.wrap import hang

HEADINGS = ("RUN", "STARTED (UTC)", "WHO", "COMMAND", "HOST", "OUT FROM", "UNTIL", "OUT", "ENDED")
SPARED = ("UNTIL", "WHO", "ENDED")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostStory:
    """All that ``why`` shows of a host.

    Attributes:
        host: Its name.
        runs: What the last runs did to it, the newest first.
        status: What the load balancers, its supervisor and the lock say now.
    """

    host: str
    runs: Sequence[HostRun]
    status: FleetStatus | None = None

    @property
    def servers(self) -> Sequence[ServerState]:
        return self.status.servers.get(self.host, ()) if self.status else ()

    def serves(self, one: HostRun) -> bool:
        """Tell whether HAProxy sends visitors to each server that a run took out, as it is now."""
        rows = [row for row in self.servers if one.took(row.server)]
        return bool(rows) and all(map(receives_traffic, rows))


def why_text(story: HostStory, width: int) -> str:
    """Say why the host is as it is, how it is now, and what the last runs did to it.

    Args:
        story: What is known.
        width: Columns in which prose is broken.
    """
    causes = [line for said in cause_words(story) for line in hang("", sanitize(said), width)]
    now = columns([("now", str(row.server), *_server_words(row, story)) for row in story.servers])
    rows = [[sanitize(cell) for cell in _row(one)] for one in story.runs]
    parts = ["\n".join(causes), now, table(HEADINGS, rows, spared=SPARED)]
    if story.status is not None:
        parts += wrong(story.status.snapshot.findings)
    return "\n\n".join(part for part in parts if part) + "\n"


def cause_words(story: HostStory) -> Iterator[str]:
    """Yield a sentence for each target of the host: what has it out, or what restarted it last."""
    if not story.runs:
        yield f"no run that is written down here has touched {story.host}"
    for name, latest in latest_by_target(story.runs).items():
        if latest.has_it_out and story.serves(latest):
            yield _serving_words(name, latest)
        elif latest.has_it_out:
            yield _out_words(name, latest, story)
        restart = next((x for x in story.runs if x.target.name == name and x.restarted_it), None)
        if restart is not None:
            yield _restart_words(name, restart)
        elif not latest.has_it_out:
            view = latest.view.record
            said = reason_of(latest.target.line)
            why = f": {said}" if said else ""
            yield f"{name}: {standing_of(latest.target)} in run {view.run}{why}"
    told = {one for run in latest_by_target(story.runs).values() if (one := _has_out(run, story))}
    for row in story.servers:
        if external_hold(row) and row.server not in frozenset().union(*told):
            yield _held_words(row, story)


def _has_out(latest: HostRun, story: HostStory) -> frozenset[Server]:
    """Return the servers that a sentence about a whole target says to be out."""
    if not latest.has_it_out or story.serves(latest):
        return frozenset()
    return frozenset(row.server for row in story.servers if latest.took(row.server))


def _held_words(row: ServerState, story: HostStory) -> str:
    """Say what keeps a server out of rotation of which no journal here says that it is so."""
    out = f"{row.server} is out of rotation"
    status = story.status
    run = status.run_by_server.get(row.server) if status is not None else None
    if run is not None:
        return f"{out} because of {_owner_words(run)}; no journal here tells of that"
    if status is None or not status.knows_runs:
        return f"{out}, and why is not known"
    before = _journal_says(row, story)
    if before is None:
        return f"{out}, and no run has taken it out"
    return f"{out}: run {before.view.record.run} took it out, and the lock names no run now"


def _out_words(name: str, latest: HostRun, story: HostStory) -> str:
    """Say which run has a target out; where journal and lock differ, what each of them says."""
    record, target = latest.view.record, latest.target
    since = f" since {moment(target.since)}" if target.since else ""
    run = f"run {record.run} of {who_words(record.began)}"
    if latest.view.is_alive:
        said = f"{name} is out of rotation because of {run}{since}"
        return f"{said}; the run is under way: {standing_of(target)}"
    why = f": {target.line.reason}" if target.line.reason else ""
    if (others := _other_words(latest, story)) is None:
        said = f"{name} is out of rotation because of {run}{since}"
        return f"{said}{why}; `rollout recover` brings it back"
    return f"{name} is out of rotation; the journal says because of {run}{since}{why}; {others}"


def _other_words(latest: HostRun, story: HostStory) -> str | None:
    """Say what the lock and unfinished runs say of a target, unless the journal says the same."""
    status = story.status
    rows = [row for row in story.servers if external_hold(row) and latest.took(row.server)]
    if status is None or not rows:
        return None
    if not status.knows_runs:
        return "the lock could not be read"
    found = [run for row in rows if (run := status.run_by_server.get(row.server)) is not None]
    if not found:
        by_hand = f"`rollout show {latest.view.record.run} --by-hand` says how to put it back"
        return f"the lock names no run that has it out, so nothing recovers it: {by_hand}"
    if any(latest.view.record.run in run.runs for run in found):
        return None
    return f"the lock says because of {_owner_words(found[0])}"


def _owner_words(run: UnfinishedRun) -> str:
    how = "over: `rollout recover` brings it back" if run.certain else "and may be alive"
    return f"run {run.owner.run} of {run.owner.who}, {how}"


def _serving_words(name: str, latest: HostRun) -> str:
    """Say that HAProxy shows a target serving that a run wrote down as out."""
    record, target = latest.view.record, latest.target
    who = f"run {record.run} of {who_words(record.began)}"
    if latest.view.is_alive:
        return f"{name} serves now; {who} is under way: {standing_of(target)}"
    why = f": {target.line.reason}" if target.line.reason else ""
    at = f" at {moment(target.since)}" if target.since else ""
    return f"{name} serves now; {who} took it out{at} and left it so{why}"


def _restart_words(name: str, restart: HostRun) -> str:
    record, target = restart.view.record, restart.target
    at = f" at {moment(target.until)}" if target.until else ""
    release = f", release {target.line.release}" if target.line.release else ""
    reason = f': "{record.began.reason}"' if record.began.reason else ""
    out = f", out {short(target.seconds)}" if target.seconds is not None else ""
    who = who_words(record.began)
    return f"{name} was last restarted by run {record.run} of {who}{at}{out}{release}{reason}"


def _server_words(row: ServerState, story: HostStory) -> Row:
    state = "serving" if receives_traffic(row) else "not serving"
    return sanitize(row.status), state, _because_of(row, story)


def _because_of(row: ServerState, story: HostStory) -> str:
    """Say what has a server out, in a few words that a sentence of :func:`cause_words` explains."""
    if story.status is None:
        return ""
    before = _journal_says(row, story)
    if before is not None and row.server not in story.status.run_by_server:
        return f"run {before.view.record.run}, by its journal alone"
    return out_because_of(row, story.status)


def _journal_says(row: ServerState, story: HostStory) -> HostRun | None:
    """Return the newest run of which a journal here says that it has a server out."""
    if not external_hold(row):
        return None
    return next((one for one in story.runs if one.has_it_out and one.took(row.server)), None)


def _out_by_run(row: ServerState, story: HostStory) -> str:
    if story.status is None or row.server not in story.status.run_by_server:
        return ""
    return out_because_of(row, story.status)


def _row(one: HostRun) -> Row:
    record, target = one.view.record, one.target
    day = record.began.since.partition("T")[0]
    return (
        record.run,
        record.began.since[:MINUTES].replace("T", " "),
        person_words(record.began),
        verb_words(record.overview),
        f"{target.name} {standing_of(target)}",
        clock(target.since, day) if target.turns else "",
        clock(target.until, day),
        out_cell(target),
        result_words(one.view.overview),
    )


def why_json(story: HostStory) -> str:
    """Say the same as one JSON object."""
    latest = latest_by_target(story.runs)
    findings = story.status.snapshot.findings if story.status else ()
    return as_object(
        {
            "v": VERSION,
            "host": story.host,
            "causes": [sanitize(said) for said in cause_words(story)],
            "out": {
                sanitize(name): {
                    "run": one.view.record.run,
                    "since": one.target.since or None,
                    "reason": sanitize(one.target.line.reason),
                    "serving": story.serves(one),
                }
                for name, one in latest.items()
                if one.has_it_out
            },
            "runs": [_run_object(one) for one in story.runs],
            "servers": [
                {
                    "server": str(row.server),
                    "status": sanitize(row.status),
                    "serving": receives_traffic(row),
                    "out": bool(external_hold(row)),
                    "because_of": _out_by_run(row, story) or None,
                }
                for row in story.servers
            ],
            "findings": [
                {"where": sanitize(one.where), "what": sanitize(one.what)} for one in findings
            ],
        }
    )


def _run_object(one: HostRun) -> object:
    record, target = one.view.record, one.target
    return {
        "run": record.run,
        "since": record.began.since,
        "who": sanitize(who_words(record.began)),
        "reason": sanitize(record.began.reason),
        "target": sanitize(target.name),
        "standing": target.line.standing.value,
        "out_from": target.since or None,
        "until": target.until or None,
        "seconds": target.seconds,
        "result": sanitize(result_words(one.view.overview)),
    }
