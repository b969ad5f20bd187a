"""Why a host is as it is now: what the last runs did to it, and what the load balancers say."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rollout.history.host import HostRun, latest_by_target
from rollout.model.conditions import external_hold, receives_traffic
from rollout.model.fleet import ServerState
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
        rows = [row for row in self.servers if str(row.server) in one.target.line.servers]
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
            yield _out_words(name, latest)
        restart = next((x for x in story.runs if x.target.name == name and x.restarted_it), None)
        if restart is not None:
            yield _restart_words(name, restart)
        elif not latest.has_it_out:
            view = latest.view.record
            said = reason_of(latest.target.line)
            why = f": {said}" if said else ""
            yield f"{name}: {standing_of(latest.target)} in run {view.run}{why}"
    for row in story.servers:
        if external_hold(row) and story.status and row.server not in story.status.run_by_server:
            known = "no run has taken it out" if story.status.knows_runs else "why is not known"
            yield f"{row.server} is out of rotation, and {known}"
    yield from _left_elsewhere(story)


def _left_elsewhere(story: HostStory) -> Iterator[str]:
    """Name the servers that were left out by a run whose journal is on another machine."""
    known = {one.view.record.run for one in story.runs}
    for row in story.servers if story.status else ():
        run = story.status.run_by_server.get(row.server) if story.status else None
        if run is not None and run.certain and run.owner.run not in known:
            said = f"{row.server} is out of rotation, left by run {run.owner.run}, which is over"
            yield f"{said}; `rollout recover` brings it back"


def _out_words(name: str, latest: HostRun) -> str:
    record, target = latest.view.record, latest.target
    since = f" since {moment(target.since)}" if target.since else ""
    who = who_words(record.began)
    said = f"{name} is out of rotation because of run {record.run} of {who}{since}"
    if latest.view.is_alive:
        return f"{said}; the run is under way: {standing_of(target)}"
    why = f": {target.line.reason}" if target.line.reason else ""
    return f"{said}{why}; `rollout recover` brings it back"


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
    return sanitize(row.status), state, out_because_of(row, story.status) if story.status else ""


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
