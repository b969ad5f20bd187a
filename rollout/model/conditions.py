"""Pure judges: from what was seen to "go on" or "not yet, because …".

The second half of a verdict is written for the person watching.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rollout.model.fleet import (
    Admin,
    AdminState,
    BalancerSnapshot,
    Condition,
    InstanceState,
    OperationalState,
    ProcessIdentity,
    ProcessState,
    Server,
    ServerState,
)
from rollout.model.plan import Share
from rollout.model.releases import NAME, Release

HELD = {
    Admin.FORCED_MAINT: "in maint",
    Admin.INHERITED_MAINT: "in maint with the server that it tracks",
    Admin.FORCED_DRAIN: "in drain",
    Admin.INHERITED_DRAIN: "in drain with the server that it tracks",
}

DISABLED = Admin.CONFIG_MAINT | Admin.FORCED_MAINT
"""``disabled`` in the file and not enabled since; ``ready`` takes the second bit away, ``maint``
puts it back, also through a reload with a state file (measured on 2.6)."""


def has_admin_state(state: ServerState, wanted: AdminState) -> bool:
    """Judge whether HAProxy has for this server the administrative state it was told.

    The bits decide, never the status word: ``DOWN`` hides a drain.
    """
    forced = state.admin & (Admin.FORCED_MAINT | Admin.FORCED_DRAIN)
    match wanted:
        case AdminState.READY:
            return not forced
        case AdminState.DRAIN:
            return forced == Admin.FORCED_DRAIN
        case AdminState.MAINT:
            return forced == Admin.FORCED_MAINT


def admin_state_of(state: ServerState) -> AdminState:
    """Name the administrative state that HAProxy has for this server."""
    if state.admin & Admin.FORCED_MAINT:
        return AdminState.MAINT
    return AdminState.DRAIN if state.admin & Admin.FORCED_DRAIN else AdminState.READY


def is_disabled(state: ServerState) -> str:
    """Say why no visitor can reach this server although no operator took it out, or nothing.

    The file disables it, or HAProxy has no address for it.
    """
    if not state.admin:
        return ""
    if state.admin & DISABLED == DISABLED:
        return "disabled in HAProxy's file"
    return "without an address" if state.admin & Admin.NO_ADDRESS else ""


def has_no_weight(state: ServerState) -> bool:
    """Judge whether the file gives it no share of the visitors.

    Those who have its cookie still come.
    """
    return state.weight == 0 and state.initial_weight == 0


def is_member(state: ServerState, *, ours: bool = False) -> bool:
    """Judge whether it is one of the servers that share the visitors of its backend.

    What the file disables is none, unless it is ``ours``: then an operator had enabled it.
    """
    return not state.backup and not has_no_weight(state) and (ours or not is_disabled(state))


def external_hold(state: ServerState) -> str:
    """Say how an operator keeps this server out of rotation, or nothing where none does.

    ``CONFIG_MAINT`` alone is a server that the file disables and an operator enabled: it is in.
    """
    if not state.admin and state.weight:
        return ""  # nearly always; a farm of 1,000 is judged at every look
    if is_disabled(state):
        return ""
    words = [text for bit, text in HELD.items() if state.admin & bit]
    if not words and state.weight == 0 and not has_no_weight(state):
        words = ["at weight 0"]
    return words[0] if words else ""


def out_of_rotation(state: ServerState) -> str:
    """Say why no visitor is sent to this server whatever its health, or nothing."""
    return external_hold(state) or is_disabled(state)


def serving(state: ServerState) -> Condition:
    """Judge whether this server is ready and up, at full weight.

    Exactly ``UP`` or ``no check``: ``UP 1/2`` is one bad check from ``DOWN``, and is also what
    HAProxy shows for a server that just left maint and was never checked.
    """
    if out := out_of_rotation(state):
        return Condition(met=False, reason=f"{state.server} is {out}")
    if state.status in {"UP", "no check"} and state.throttle is not None:
        return Condition(met=False, reason=f"{state.server} is in slow start, {state.throttle}%")
    if state.status not in {"UP", "no check"} or state.operation != OperationalState.RUNNING:
        return Condition(met=False, reason=f"HAProxy calls {state.server} {state.status}")
    return Condition(met=True, reason=f"{state.server} serves")


def receives_traffic(state: ServerState) -> bool:
    """Judge whether HAProxy sends visitors to this server.

    It does so after a missed check, and to all after a reload, until their first check.
    """
    return not out_of_rotation(state) and state.status.split()[0] in {"UP", "no"}


def summarize(reasons: Sequence[str]) -> str:
    """Join reasons for a line: the first two, and how many more."""
    more = f"; and {len(reasons) - 2} more" if len(reasons) > 2 else ""  # noqa: PLR2004 - two
    return "; ".join(reasons[:2]) + more


def all_serving(states: Iterable[ServerState]) -> Condition:
    """Judge a target's servers together; the first that does not serve gives the reason."""
    for state in states:
        condition = serving(state)
        if not condition.met:
            return condition
    return Condition(met=True, reason="serves")


def on_probation(state: ServerState) -> Condition:
    """Judge whether HAProxy's own checks call a drained server up.

    Leaving maint for ``drain`` starts the checks with nothing balanced to the server; exactly
    ``DRAIN`` (not ``DRAIN 1/2``) is a full row of good ones.  Measured on 2.6, 2.8 and 3.4.
    """
    fine = not state.checked or state.status in {"DRAIN", "DRAIN (agent)"}
    return Condition(met=fine, reason=f"{state.server} is {state.status}")


@dataclass(frozen=True, slots=True)
class Traffic:
    """What is open and queued on some servers at one moment, and how many came in all."""

    sessions: int
    queued: int
    total: int

    @classmethod
    def of(cls, states: Iterable[ServerState]) -> "Traffic":
        rows = tuple(states)
        return cls(
            sum(row.sessions for row in rows),
            sum(row.queued for row in rows),
            sum(row.sessions_total for row in rows),
        )


def drained(before: Traffic | None, now: Traffic, *, maint_visits: str) -> Condition:
    """Judge two looks in a row: nothing open, nothing queued, and no session in between.

    Args:
        before: The look before this one, if it belongs to the same HAProxy process.
        now: This look.
        maint_visits: Who may still come in this state, for the message.
    """
    came = before is not None and now.total > before.total
    if now.sessions or now.queued:
        queue = f" and {now.queued} queued" if now.queued else ""
        tail = f"; {maint_visits}" if came else ""
        open_now = f"{now.sessions} session{'' if now.sessions == 1 else 's'} open"
        return Condition(met=False, reason=f"{open_now}{queue}{tail}")
    if before is None or came or before.sessions or before.queued:
        return Condition(met=False, reason=maint_visits if came else "")
    return Condition(met=True, reason="nothing open, nothing queued")


def is_new_process(before: Mapping[str, ProcessIdentity | None], now: InstanceState) -> Condition:
    """Judge whether an instance runs in a new process.

    "Running" alone proves nothing: until its turn comes it describes the process that we asked to
    be replaced.  A pid and start time not seen before are the proof.
    """
    if not now.running:
        watched = "" if now.monitored else ", not monitored"
        if now.pending:
            return Condition(
                met=False, reason=f"{now.name}: {now.detail}, {now.pending} pending{watched}"
            )
        if now.process is None and now.state is ProcessState.RUNNING:
            watched += ", but has no process"  # its supervisor has not noticed yet
        return Condition(met=False, reason=f'{now.name} is "{now.detail}"{watched}')
    if now.process == before.get(now.name):
        return Condition(met=False, reason=f"{now.name} is still the process from before")
    return Condition(met=True, reason=f"{now.name} is new")


def restarted_too(
    before: Mapping[str, InstanceState], host: Iterable[InstanceState]
) -> tuple[str, ...]:
    """Name the instances that are another process than before, though no restart was asked of them.

    One whose process has ended and that has no new one yet counts.  One that was outgoing then does
    not: with two instances of a host out at once, the other's restart had not had its turn yet.
    """
    return tuple(
        state.name
        for state in host
        if (then := before.get(state.name)) is not None
        and then.running
        and not then.outgoing
        and state.requests == then.requests
        and state.process != then.process
    )


def started_too(
    before: Mapping[str, InstanceState], host: Iterable[InstanceState]
) -> tuple[str, ...]:
    """Name the instances that were started anew, or are being started, though we did not ask.

    Their new process is as good as one that was asked for: it need not be replaced again.
    """
    return tuple(
        state.name
        for state in host
        if (then := before.get(state.name)) is not None
        and state.requests == then.requests
        and state.process != then.process
        and (state.process is not None or state.pending or state.settling)
    )


def answered_by_another(
    now: InstanceState, release: Release | None, places: Mapping[int, str]
) -> str:
    """Say what keeps an answer from being the new process's own; empty where nothing does.

    A process from before may hold the port: a child of a wrapper, or a worker that finishes its
    last requests.  One that cannot answer there (a helper that it started) does no harm, unless
    it works in another release than the one that is deployed.

    Args:
        now: The instance, in its new process.
        release: What its processes must run in; None: that is not asked.
        places: The release by pid in which a process works, or its directory.
    """
    for left in now.survivors:
        if left.listens:
            return f"{now.name}: {left} from before the restart still listens on port {now.port}"
        if left.listens is None:
            return f"{now.name}: {left} from before the restart has not ended, and may answer"
        place = places.get(left.pid, "")
        if release is not None and NAME.fullmatch(place) and place != release.name:
            return f"{now.name}: {left} from before the restart still works in release {place}"
    if now.port_lost:
        pid = now.process.pid if now.process else 0
        return f"{now.name}: another process listens on port {now.port}, and its own {pid} does not"
    return ""


def unchanged_processes(
    before: Mapping[str, ProcessIdentity | None], host: Iterable[InstanceState]
) -> tuple[str, ...]:
    """Name the instances whose restart is called done though the process is the old one.

    While anything on the host is pending or settling, an old process may only be waiting
    for its turn (one that depends on another looks as if it simply ran until then).
    """
    states = tuple(host)
    if any(state.pending or state.settling for state in states):
        return ()
    return tuple(
        state.name
        for state in states
        if state.running and state.name in before and state.process == before[state.name]
    )


def is_fully_serving(state: ServerState) -> bool:
    """Judge whether this server serves, with nothing left to be desired."""
    return serving(state).met


def costing(states: Iterable[ServerState], *, accept_sick: bool) -> list[str]:
    """List the backends in which it costs something to take ``states`` out.

    In an outage nothing is lost with a server that carries no visitors, and it must not wait for
    others that are as sick; where that is not known, every server counts.
    """
    return [state.server.backend for state in states if not accept_sick or receives_traffic(state)]


@dataclass(frozen=True, slots=True)
class Removal:
    """Servers that are, or would be, out of rotation at the same time.

    Attributes:
        servers: All of them, on any load balancer.
        backends: The backends in which that costs something; see :func:`costing`.
    """

    servers: frozenset[Server]
    backends: Sequence[str]


def floor_holds(
    floor: Share,
    reading: BalancerSnapshot,
    removal: Removal,
    *,
    counts: Callable[[ServerState], bool] = is_fully_serving,
) -> Condition:
    """Judge whether enough servers serve on one load balancer without those of ``removal``.

    Servers that are down or held out, for whatever reason, do not count.  What the file disables or
    gives no weight is no member of the farm, unless it is removed: then it was enabled.  A backend
    without a member needs none.  To begin with another target the servers must serve fully; for
    one that is out already, what ``counts`` is that they carry visitors, or each missed check
    would send it back.
    """
    removed = removal.servers
    for backend in dict.fromkeys(removal.backends):
        rows = [s for s in reading.servers.values() if s.server.backend == backend]
        farm = [s for s in rows if is_member(s, ours=s.server in removed)]
        needed = floor.at_least(len(farm))
        left = sum(1 for s in farm if s.server not in removed and counts(s))
        spare = not left and any(s.backup and s.server not in removed and counts(s) for s in rows)
        if farm and left + spare < needed:
            return Condition(
                met=False,
                reason=f"{backend}@{reading.balancer} would have {left} of {len(farm)} servers "
                f"serving{' and a backup' if spare else ''}, "
                f"the floor is {needed}{f' ({floor})' if floor.percent else ''}",
            )
    return Condition(met=True, reason="the floor holds")
