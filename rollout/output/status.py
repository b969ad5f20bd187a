"""What a look showed, for people and for machines: the answer of ``status``."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from rollout.model.conditions import (
    admin_state_of,
    external_hold,
    is_disabled,
    receives_traffic,
    serving,
)
from rollout.model.findings import BackendTotals, FleetSnapshot, HostSnapshot
from rollout.model.fleet import InstanceState, Server, ServerState
from rollout.model.past_runs import UnfinishedRun
from rollout.model.releases import HostReleases
from rollout.output.columns import VERSION, Row, as_object, columns, table, wrong
from rollout.output.lock import left_fields, left_table
from rollout.text.elapsed import age
from rollout.text.sanitize import sanitize

SERVERS = ("HOST", "SERVER", "HAPROXY", "STATE", "OPEN", "WEIGHT", "OUT BECAUSE OF")
INSTANCES = ("HOST", "INSTANCE", "STATUS", "PID", "AGE", "RELEASE")


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetStatus:
    """All that ``status`` shows.

    Attributes:
        snapshot: What was seen.
        servers: By host its servers, on every load balancer.
        found: The run that holds the lock, and runs that left something unfinished.
        runs: The same, each with what is still out because of it.
        totals: Each backend, counted.
        releases: By host what stands on its disk; empty without ``[deploy]``.
        release_by_pid: By host the release in which each process works.
        now: Unix time of the look, by this machine's clock.
    """

    snapshot: FleetSnapshot
    servers: Mapping[str, Sequence[ServerState]]
    found: Sequence[UnfinishedRun] = ()
    runs: Sequence[UnfinishedRun] = ()
    totals: Sequence[BackendTotals] = ()
    releases: Mapping[str, HostReleases] = field(default_factory=dict[str, HostReleases])
    release_by_pid: Mapping[str, Mapping[int, str]] = field(
        default_factory=dict[str, Mapping[int, str]]
    )
    now: float = 0.0

    @property
    def unfinished(self) -> tuple[UnfinishedRun, ...]:
        """The runs of which there is something to say: they hold the lock, or are to be seen to."""
        return tuple(
            run
            for run in self.found
            if run.held or (run.past and (run.past.unfinished or run.past.half_deployed))
        )

    @property
    def knows_runs(self) -> bool:
        """The lock and the journals could be read: what is out, and of no run, is out by others."""
        return not any(finding.where == "lock" for finding in self.snapshot.more)

    @property
    def run_by_server(self) -> Mapping[Server, UnfinishedRun]:
        """By server the run that has it out of rotation."""
        return {
            server: run
            for run in self.runs
            for h in run.owned_targets
            for server in h.target.servers
        }


def status_table(status: FleetStatus) -> str:
    """Lay out the servers and instances of each host, and the totals; then what is wrong."""
    snapshot = status.snapshot
    servers: list[Row] = []
    instances: list[Row] = []
    for one in snapshot.hosts:
        rows = status.servers.get(one.host, ())
        if not rows and not one.instances:
            servers.append((one.host, "nothing seen"))
        servers += [(one.host, *_server_row(row, status)) for row in rows]
        instances += [
            (one.host, *_instance_row(state, one.host, status)) for state in one.instances
        ]
    owner = [left_table(run, snapshot.readings) for run in status.unfinished]
    tables = [table(SERVERS, servers), table(INSTANCES, instances)]
    parts = [*tables, columns([*map(_total_row, status.totals), ("lock", lock_words(status))])]
    parts += ["\n".join(_misled(status)), *owner, *wrong(snapshot.findings)]
    return "\n\n".join(part for part in parts if part) + "\n"


def lock_words(status: FleetStatus) -> str:
    """Say whether the lock is free, and if not, which run or person has it."""
    return owner_words(status.unfinished) if status.knows_runs else "not known"


def owner_words(found: Iterable[UnfinishedRun]) -> str:
    """Say which run or person has the lock; ``free`` where it is none of those ``found``."""
    held = next((run for run in found if run.held), None)
    if held is None:
        return "free"
    if held.certain:
        return f"left by run {sanitize(held.owner.run)}, which is over"
    return f"held by {sanitize(str(held.owner))}"


def out_because_of(row: ServerState, status: FleetStatus) -> str:
    """Say what has a server out of rotation; empty for one that is not out.

    It is a cell of a table, so it names no command: one that carries a long path of ``--config``
    would be wider than the terminal.  :func:`left_table` says what to type.
    """
    if not external_hold(row):
        return is_disabled(row)
    run = status.run_by_server.get(row.server)
    if run is None:
        return "not by rollout" if status.knows_runs else "not known"
    state = "which is over" if run.certain else "which holds the lock"
    return f"run {sanitize(run.owner.run)}, {state}"


def _server_row(row: ServerState, status: FleetStatus) -> Row:
    return (
        str(row.server),
        sanitize(row.status),
        "serving" if receives_traffic(row) else admin_state_of(row).value,
        str(row.sessions),
        "" if row.weight == row.initial_weight else str(row.weight),
        out_because_of(row, status),
    )


def _instance_row(state: InstanceState, host: str, status: FleetStatus) -> Row:
    said = f"{state.detail} - {state.pending} pending" if state.pending else state.detail
    watched = "" if state.monitored else ", not monitored"
    since = state.up_since
    return (
        state.name,
        f"{sanitize(said)}{watched}",
        str(state.process.pid) if state.process else "no process",
        "" if since is None else age(status.now - since),
        sanitize(_release_of(state, host, status)),
    )


def _release_of(state: InstanceState, host: str, status: FleetStatus) -> str:
    """Name the release in which an instance works; empty where that is not known."""
    known = status.release_by_pid.get(host, {})
    return known.get(state.process.pid, "") if state.process else ""


def _total_row(total: BackendTotals) -> Row:
    under = ", which is under the floor" if total.serving < total.floor else ""
    serves = f"{total.serving} of {total.servers} serving, floor {total.floor}{under}"
    load = f"{total.sessions} open, {total.queued} queued"
    return f"{total.balancer}/{total.backend}", f"{serves}, {load}"


def _misled(status: FleetStatus) -> Iterable[str]:
    """Name the hosts on which ``current`` leads to another release than the processes run."""
    for host, releases in status.releases.items():
        runs = {*status.release_by_pid.get(host, {}).values()}
        if runs and runs != {releases.current}:
            where = sanitize(releases.current or releases.link or "nothing")
            names = sanitize(", ".join(sorted(runs)))
            yield f"{host}: `current` leads to {where}, processes run {names}"


def status_json(status: FleetStatus) -> str:
    """Say the same as one JSON object, for machines."""
    snapshot, first = status.snapshot, next(iter(status.unfinished), None)
    return as_object(
        {
            "v": VERSION,
            "run": first and left_fields(first),
            "runs": [left_fields(run) for run in status.unfinished],
            "lock": lock_words(status),
            "totals": [asdict(total) for total in status.totals],
            "balancers": [
                {"name": name, "version": reading.version, **asdict(reading.process)}
                for name, reading in snapshot.readings.items()
            ],
            "hosts": [_host_object(one, status) for one in snapshot.hosts],
            "findings": [asdict(finding) for finding in snapshot.findings],
        }
    )


def _host_object(one: HostSnapshot, status: FleetStatus) -> object:
    releases, runs = status.releases.get(one.host), status.run_by_server
    return {
        "host": one.host,
        "addresses": list(one.addresses),
        "current": releases and releases.current,
        "servers": [
            _server_object(row, runs.get(row.server)) for row in status.servers.get(one.host, ())
        ],
        "instances": [_instance_object(state, one.host, status) for state in one.instances],
    }


def _server_object(row: ServerState, run: UnfinishedRun | None) -> object:
    out = bool(external_hold(row))
    return {
        **asdict(row.server),
        "status": row.status,
        "told": admin_state_of(row).value,
        "serving": serving(row).met,
        "sessions": row.sessions,
        "queued": row.queued,
        "weight": row.weight,
        "address": row.address,
        "port": row.port,
        "out": out,
        "out_by_run": run.owner.run if out and run else None,
    }


def _instance_object(state: InstanceState, host: str, status: FleetStatus) -> object:
    since = state.up_since
    return {
        "name": state.name,
        "status": state.detail,
        "pending": state.pending,
        "monitored": state.monitored,
        "pid": state.process.pid if state.process else None,
        "up_since": since,
        "age": None if since is None else round(max(0.0, status.now - since), 1),
        "port": state.port,
        "release": _release_of(state, host, status) or None,
    }
