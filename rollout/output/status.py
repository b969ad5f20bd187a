"""What a look showed, for people and for machines: the answers of ``status`` and ``check``."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from rollout.model.conditions import serving, told
from rollout.model.findings import Fitness, HostSight, Survey
from rollout.model.fleet import InstanceState, SeatState
from rollout.model.past_runs import Left
from rollout.output.columns import VERSION, Row, as_object, columns, wrong
from rollout.output.lock import left_fields, left_table
from rollout.text.sanitize import harmless


def status_table(
    survey: Survey,
    seats: Mapping[str, Sequence[SeatState]],
    left: Left | None = None,
    rollout: str = "rollout",
) -> str:
    """Lay out each host with its server lines and its instances; what is wrong stands below.

    Args:
        survey: What was seen.
        seats: The server lines of each host, on every load balancer.
        left: Whose lock it is, or what run has left something out; None where there is neither.
        rollout: rollout itself, as it is typed.
    """
    rows: list[Row] = []
    for sight in survey.hosts:
        ours = [_seat_row(state) for state in seats.get(sight.host, ())]
        ours += [_instance_row(state) for state in sight.instances]
        ours = ours or [("nothing seen",)]
        rows += [(sight.host if n == 0 else "", *row) for n, row in enumerate(ours)]
    owner = [left_table(left, survey.readings, rollout)] if left else []
    parts = [columns(rows), *owner, *wrong(survey.findings)]
    return "\n\n".join(part for part in parts if part) + "\n"


def status_json(
    survey: Survey, seats: Mapping[str, Sequence[SeatState]], left: Left | None = None
) -> str:
    """Say the same as one JSON object, for machines."""
    return as_object(
        {
            "v": VERSION,
            "run": left and left_fields(left),
            "balancers": [
                {"name": name, "version": reading.version, **asdict(reading.process)}
                for name, reading in survey.readings.items()
            ],
            "hosts": [_host_object(sight, seats) for sight in survey.hosts],
            "findings": [asdict(finding) for finding in survey.findings],
        }
    )


def fitness_table(fit: Fitness) -> str:
    """Say who can be restarted, who is skipped and what is wrong, with cures."""
    rows: list[Row] = [
        (
            target.name,
            ", ".join(str(seat) for seat in target.seats),
            ", ".join(one.name for one in target.instances),
        )
        for target in fit.targets
    ]
    rows += [(s.target, "skipped", s.because) for s in fit.skipped]
    notes = [f"note: {note.where}: {harmless(note.what)}" for note in fit.notes]
    parts = [columns(rows), "\n".join(notes)]
    return "\n\n".join([part for part in parts if part] + wrong(fit.findings)) + "\n"


def fitness_sentence(fit: Fitness, *, deploy: bool = False) -> str:
    """Say in one sentence whether a rollout could start, and a deploy if that was asked."""
    if fit.findings:
        count = len(fit.findings)
        return f"not fit: {count} finding{'s' if count > 1 else ''}; nothing was touched."
    skipped = f", {len(fit.skipped)} skipped" if fit.skipped else ""
    what = "to restart or deploy to" if deploy else "to restart"
    return f"fit: {len(fit.targets)} {what}{skipped}; nothing was touched."


def fitness_json(fit: Fitness) -> str:
    """Say the same as one JSON object, for machines."""
    return as_object(
        {
            "v": VERSION,
            "fit": not fit.findings,
            "targets": [
                {
                    "name": target.name,
                    "host": target.host,
                    "seats": [str(seat) for seat in target.seats],
                    "instances": [one.name for one in target.instances],
                }
                for target in fit.targets
            ],
            "skipped": [asdict(skipped) for skipped in fit.skipped],
            "findings": [asdict(finding) for finding in fit.findings],
            "notes": [asdict(note) for note in fit.notes],
        }
    )


def _seat_row(state: SeatState) -> Row:
    word = "serving" if serving(state).settled else told(state).value
    return (
        str(state.seat),
        harmless(state.status),
        word,
        f"{state.sessions} open",
        f"weight {state.weight}",
    )


def _instance_row(state: InstanceState) -> Row:
    status = f"{state.status} - {state.pending} pending" if state.pending else state.status
    pid = f"pid {state.birth.pid}" if state.birth else "no process"
    watched = "monitored" if state.monitored else "not monitored"
    return state.name, harmless(status), watched, pid, _since(state.up_since)


def _since(moment: float | None) -> str:
    if moment is None:
        return ""
    return f"since {datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _host_object(sight: HostSight, seats: Mapping[str, Sequence[SeatState]]) -> object:
    return {
        "host": sight.host,
        "addresses": list(sight.addresses),
        "seats": [_seat_object(state) for state in seats.get(sight.host, ())],
        "instances": [_instance_object(state) for state in sight.instances],
    }


def _seat_object(state: SeatState) -> object:
    return {
        **asdict(state.seat),
        "status": state.status,
        "told": told(state).value,
        "serving": serving(state).settled,
        "sessions": state.sessions,
        "weight": state.weight,
        "address": state.address,
        "port": state.port,
    }


def _instance_object(state: InstanceState) -> object:
    return {
        "name": state.name,
        "status": state.status,
        "pending": state.pending,
        "monitored": state.monitored,
        "pid": state.birth.pid if state.birth else None,
        "up_since": state.up_since,
        "port": state.port,
    }
