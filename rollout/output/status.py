"""What a look showed, for people and for machines: the answers of ``status`` and ``check``."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from rollout.model.conditions import admin_state_of, serving
from rollout.model.findings import FleetSnapshot, HostSnapshot, PreflightReport
from rollout.model.fleet import InstanceState, ServerState
from rollout.model.past_runs import UnfinishedRun
from rollout.output.columns import VERSION, Row, as_object, columns, table, wrong
from rollout.output.lock import left_fields, left_table
from rollout.text.sanitize import sanitize

NOTHING_OUT: Mapping[str, UnfinishedRun] = {}


def status_table(
    snapshot: FleetSnapshot,
    servers: Mapping[str, Sequence[ServerState]],
    left: UnfinishedRun | None = None,
    rollout: str = "rollout",
) -> str:
    """Lay out each host with its server lines and its instances; what is wrong stands below.

    Args:
        snapshot: What was seen.
        servers: The server lines of each host, on every load balancer.
        left: Whose lock it is, or what run has left something out; None where there is neither.
        rollout: rollout itself, as it is typed.
    """
    rows: list[Row] = []
    for host_snapshot in snapshot.hosts:
        ours = [_server_row(state) for state in servers.get(host_snapshot.host, ())]
        ours += [_instance_row(state) for state in host_snapshot.instances]
        ours = ours or [("nothing seen",)]
        rows += [(host_snapshot.host if n == 0 else "", *row) for n, row in enumerate(ours)]
    owner = [left_table(left, snapshot.readings, rollout)] if left else []
    parts = [columns(rows), *owner, *wrong(snapshot.findings)]
    return "\n\n".join(part for part in parts if part) + "\n"


def status_json(
    snapshot: FleetSnapshot,
    servers: Mapping[str, Sequence[ServerState]],
    left: UnfinishedRun | None = None,
) -> str:
    """Say the same as one JSON object, for machines."""
    return as_object(
        {
            "v": VERSION,
            "run": left and left_fields(left),
            "balancers": [
                {"name": name, "version": reading.version, **asdict(reading.process)}
                for name, reading in snapshot.readings.items()
            ],
            "hosts": [_host_object(host_snapshot, servers) for host_snapshot in snapshot.hosts],
            "findings": [asdict(finding) for finding in snapshot.findings],
        }
    )


def check_table(fit: PreflightReport, out: Mapping[str, UnfinishedRun] = NOTHING_OUT) -> str:
    """Name what can be restarted, what is skipped and what is wrong, with fixes.

    Args:
        fit: What was seen.
        out: By target the run before that has it out of rotation.
    """
    rows: list[Row] = [
        (
            target.name,
            ", ".join(str(server) for server in target.servers),
            ", ".join(one.name for one in target.instances),
            out_by(out[target.name]) if target.name in out else "ready",
        )
        for target in fit.targets
    ]
    rows += [(s.target, "", "", f"skipped: {s.reason}") for s in fit.skipped]
    notes = [f"note: {note.where}: {sanitize(note.what)}" for note in fit.notes]
    parts = [table(("TARGET", "SERVERS", "INSTANCES", "STATE"), rows), "\n".join(notes)]
    return "\n\n".join([part for part in parts if part] + wrong(fit.findings)) + "\n"


def out_by(left: UnfinishedRun) -> str:
    """Say which run has a target out of rotation, and what brings it back."""
    run = sanitize(left.owner.run)
    if not left.certain:
        return f"out of rotation by run {run}, which holds the lock"
    return f"out of rotation, left by run {run}: `rollout recover`"


def check_sentence(fit: PreflightReport, *, deploy: bool = False) -> str:
    """Say in one sentence whether a rollout could start, and a deploy if that was asked."""
    if fit.findings:
        count = len(fit.findings)
        return f"check failed: {count} finding{'s' if count > 1 else ''}. Nothing was changed."
    skipped = f", {len(fit.skipped)} skipped" if fit.skipped else ""
    what = "ready for a restart or a deploy" if deploy else "ready for a restart"
    return f"check passed: {len(fit.targets)} {what}{skipped}. Nothing was changed."


def check_json(fit: PreflightReport, out: Mapping[str, UnfinishedRun] = NOTHING_OUT) -> str:
    """Say the same as one JSON object, for machines."""
    return as_object(
        {
            "v": VERSION,
            "fit": not fit.findings,
            "targets": [
                {
                    "name": target.name,
                    "host": target.host,
                    "servers": [str(server) for server in target.servers],
                    "instances": [one.name for one in target.instances],
                }
                for target in fit.targets
            ],
            "skipped": [asdict(skipped) for skipped in fit.skipped],
            "out": [{"target": name, "run": left.owner.run} for name, left in out.items()],
            "findings": [asdict(finding) for finding in fit.findings],
            "notes": [asdict(note) for note in fit.notes],
        }
    )


def _server_row(state: ServerState) -> Row:
    word = "serving" if serving(state).met else admin_state_of(state).value
    return (
        str(state.server),
        sanitize(state.status),
        word,
        f"{state.sessions} open",
        f"weight {state.weight}",
    )


def _instance_row(state: InstanceState) -> Row:
    status = f"{state.detail} - {state.pending} pending" if state.pending else state.detail
    pid = f"pid {state.process.pid}" if state.process else "no process"
    watched = "monitored" if state.monitored else "not monitored"
    return state.name, sanitize(status), watched, pid, _since(state.up_since)


def _since(moment: float | None) -> str:
    if moment is None:
        return ""
    return f"since {datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _host_object(
    host_snapshot: HostSnapshot, servers: Mapping[str, Sequence[ServerState]]
) -> object:
    return {
        "host": host_snapshot.host,
        "addresses": list(host_snapshot.addresses),
        "servers": [_server_object(state) for state in servers.get(host_snapshot.host, ())],
        "instances": [_instance_object(state) for state in host_snapshot.instances],
    }


def _server_object(state: ServerState) -> object:
    return {
        **asdict(state.server),
        "status": state.status,
        "told": admin_state_of(state).value,
        "serving": serving(state).met,
        "sessions": state.sessions,
        "weight": state.weight,
        "address": state.address,
        "port": state.port,
    }


def _instance_object(state: InstanceState) -> object:
    return {
        "name": state.name,
        "status": state.detail,
        "pending": state.pending,
        "monitored": state.monitored,
        "pid": state.process.pid if state.process else None,
        "up_since": state.up_since,
        "port": state.port,
    }
