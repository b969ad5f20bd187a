"""Everything that can happen in a run, as frozen values with a wire name.

An event says what is *known* when it is told.  It carries no time and no number: the stamp is
put on once (`rollout/output/dispatcher.py`), so that tests compare events with ``==``.
Wire names are written by hand: renaming a class must not rename a public field.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from rollout.model.fleet import Finding
from rollout.model.impact import BackendImpact, ImpactGap
from rollout.model.traffic import TrafficCounters


@dataclass(frozen=True, slots=True, kw_only=True)
class RunBegan:
    """The first line of a run: what it is, and where it comes from.  Nothing was contacted yet.

    Attributes:
        app: The app.
        env: The environment of the settings that holds, or empty.
        verb: ``restart``, ``uninterrupted``, ``rollback``, ``recover``, ``resume`` or ``prune``.
        hosts: The hosts that it is about.
        command: The command line as it was typed, secrets left out.
        user: The login that it runs as.
        sudo_user: The login that became ``user`` by sudo, or empty.
        client: The address from which that login came by ssh, or empty.
        bastion: The machine that it runs on.
        since: When it began, in UTC.
        reason: What ``--reason`` says, or empty.
        version: The version of rollout.
        config: The file of the settings, or empty.
    """

    wire: ClassVar[str] = "run.began"

    app: str
    env: str
    verb: str
    hosts: tuple[str, ...]
    command: str
    user: str
    sudo_user: str
    client: str
    bastion: str
    since: str
    reason: str
    version: str
    config: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficSeen:
    """What HAProxy has counted on one load balancer since the first reading of the run.

    Attributes:
        balancer: Its name.
        backends: Each backend that the run is about.
        gaps: Times of it so far of which no counter tells, one value for each reason.
    """

    wire: ClassVar[str] = "traffic.seen"

    balancer: str
    backends: tuple[BackendImpact, ...]
    gaps: tuple[ImpactGap, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactMeasured:
    """What visitors met during the run, by HAProxy's own counters: the last reading.

    Attributes:
        backends: Each backend of each load balancer.
        servers: By server, as ``backend/server@balancer``, by how much its counters rose.
        gaps: Times of which no counter tells: HAProxy was reloaded, its counters were cleared, or
            it did not answer at first; one value for each load balancer and reason.
        unread: Load balancers that did not answer the last reading, with why.
    """

    wire: ClassVar[str] = "impact.measured"

    backends: tuple[BackendImpact, ...]
    servers: Mapping[str, TrafficCounters] = field(default_factory=dict[str, TrafficCounters])
    gaps: tuple[ImpactGap, ...] = ()
    unread: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutStarted:
    """The fleet was found fit; from now on servers are taken out.  Names stand in order.

    The first ``canaries`` of them go before the others, and carry traffic for ``soak`` seconds
    before the next one is taken out; 0 where all go alike.
    """

    wire: ClassVar[str] = "rollout.started"

    targets: tuple[str, ...]
    max_out: int
    floor: str
    canaries: int = 0
    soak: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutRefused:
    """Nothing was touched, because of these findings."""

    wire: ClassVar[str] = "rollout.refused"

    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutHalted:
    """Nothing new will be started; what was out has been seen through to a safe end."""

    wire: ClassVar[str] = "rollout.halted"

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutFinished:
    """Every planned target had its turn."""

    wire: ClassVar[str] = "rollout.finished"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResumed:
    """A run that had stopped goes on: these targets came through it, and keep what they have."""

    wire: ClassVar[str] = "run.resumed"

    of: str
    done: tuple[str, ...]
    release: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryStarted:
    """What the run ``of`` left out is seen to from now on: these targets, as it wrote them down.

    Attributes:
        asked: Those of them that were asked to restart.
        rest: Targets that the run had not finished; they do not block other runs.
        gone_back: It was a deploy that had gone back from its release, or had begun to.
    """

    wire: ClassVar[str] = "recovery.started"

    of: str
    targets: tuple[str, ...]
    asked: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()
    gone_back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryFinished:
    """All targets were looked at: each serves, was changed from outside, or is named as out."""

    wire: ClassVar[str] = "recovery.finished"


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRequested:
    """A person or the system asked for a stop: no further target starts, open ones finish."""

    wire: ClassVar[str] = "rollout.stop_requested"

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutPaused:
    """Nothing new is taken out until the run is told to go on; what is out is seen through.

    Attributes:
        by: Who paused it: a person, or the setting that wants a pause after the canary.
        finishing: Targets that have begun their turn.
        asks: The terminal of the run is asked whether to go on.
        seconds: The run halts after so long without an answer; 0: it waits.
    """

    wire: ClassVar[str] = "rollout.paused"

    by: str
    finishing: tuple[str, ...] = ()
    asks: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutContinued:
    """The pause is over."""

    wire: ClassVar[str] = "rollout.continued"

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted:
    """A second request to stop: we leave now, and what is out stays as the summary says."""

    wire: ClassVar[str] = "rollout.interrupted"

    by: str
    exit_code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """An oddity that stops nothing and that an operator should see."""

    wire: ClassVar[str] = "noted"

    where: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancerReloaded:
    """Another HAProxy process answers: what we had told the old one is gone; we tell it again."""

    wire: ClassVar[str] = "balancer.reloaded"

    balancer: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SoakStarted:
    """A whole wave is back and must carry traffic for ``seconds`` before the next is risked."""

    wire: ClassVar[str] = "wave.soaking"

    targets: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SoakSeen:
    """What a wave has carried since its soak began, beside the other servers of its backends.

    By HAProxy's own counters, over all load balancers; a reload in between makes them lower bounds.

    Attributes:
        carried: What the servers of its targets counted.
        others: What the other servers of the same backends counted.
    """

    wire: ClassVar[str] = "wave.carried"

    targets: tuple[str, ...]
    carried: TrafficCounters
    others: TrafficCounters


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSkipped:
    """It is held out from outside, so it is not ours to touch."""

    wire: ClassVar[str] = "target.skipped"

    target: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetWaiting:
    """A wait goes on, for a reason that is new.

    ``awaited`` fits between "not" and "yet": drained, empty, proven, called up by HAProxy, serving.
    ``left`` is in how many seconds the wait is given up; none where it has no end of its own.
    """

    wire: ClassVar[str] = "target.waiting"

    target: str
    awaited: str
    reason: str
    left: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetClaimed:
    """It is written down as ours; the next act takes it out."""

    wire: ClassVar[str] = "target.claimed"

    target: str
    servers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPrepared:
    """The operator's own commands before it have ended; it serves until now.

    ``silence`` is what the command that began a silence of its monitoring has printed.
    """

    wire: ClassVar[str] = "target.prepared"

    target: str
    silence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetAdopted:
    """A run before this one left it out, and it is ours now; ``asked`` to restart or not.

    ``since`` is when it was taken out, in UTC; empty where that was not written down.  Of one that
    the run before had only been about to take out it is now: it has served until now.
    """

    wire: ClassVar[str] = "target.adopted"

    target: str
    servers: tuple[str, ...]
    asked: bool
    since: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServersChanged:
    """HAProxy has other server lines of a target that we hold than before.

    What is ``gone`` from its configuration is asked of no more; what is ``new`` is held as well.
    """

    wire: ClassVar[str] = "target.servers_changed"

    target: str
    gone: tuple[str, ...] = ()
    new: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetVisited:
    """HAProxy sent visitors to it in maint after its restart was asked for: they may have failed.

    ``sessions`` came, by HAProxy's own counter, to ``servers``.
    """

    wire: ClassVar[str] = "target.visited"

    target: str
    sessions: int
    servers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRecovered:
    """It serves again.

    ``restarted`` tells whether it had come through the restart that it was left out in; otherwise
    it has still to be restarted, but for ``renewed``: its instances that have a new process.
    ``seconds`` and ``phases`` as for the other ends of a target, the run before included;
    ``seconds`` is none where it is not known since when it was out, or an operator or a reload of
    HAProxy had made it ready before.
    """

    wire: ClassVar[str] = "target.recovered"

    target: str
    restarted: bool
    release: str = ""
    renewed: tuple[str, ...] = ()
    seconds: float | None = None
    phases: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetDraining:
    """Every load balancer shows the drain; sessions it already had may still be open.

    ``since`` is when the first of them was told, in UTC; empty where that was not written down.
    """

    wire: ClassVar[str] = "target.draining"

    target: str
    since: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetDrained:
    """Nothing is open and nothing queued, on every load balancer, and no new session came."""

    wire: ClassVar[str] = "target.drained"

    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetNotDrained:
    """``drain_timeout`` passed first.  Normal with sticky clients; maint sends them elsewhere."""

    wire: ClassVar[str] = "target.not_drained"

    target: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetInMaint:
    """Every load balancer shows maint: no new visitor arrives at all."""

    wire: ClassVar[str] = "target.maint"

    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsCut:
    """Sessions that would not end were shut down, as the operator's policy says."""

    wire: ClassVar[str] = "target.sessions_cut"

    target: str
    sessions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetEmpty:
    """Nothing is in flight any more: it may be restarted."""

    wire: ClassVar[str] = "target.empty"

    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartAsked:
    """We are about to ask the supervisor.  From here only proof brings the target back."""

    wire: ClassVar[str] = "target.restart_asked"

    target: str
    instances: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceRestarted:
    """The instance runs in a process that it did not have before."""

    wire: ClassVar[str] = "instance.restarted"

    target: str
    instance: str
    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceVerified:
    """It runs in a new process, which ``answered`` on its own port unless there is no probe."""

    wire: ClassVar[str] = "instance.verified"

    target: str
    instance: str
    answered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetOnProbation:
    """All its instances are proven; HAProxy checks it again, and balances nothing to it yet."""

    wire: ClassVar[str] = "target.probation"

    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetReturned:
    """Every load balancer calls it up and ready, with the weight it was found with.

    ``watched`` is for how many seconds it must serve before it counts as stable; none where it is
    not watched.
    """

    wire: ClassVar[str] = "target.returned"

    target: str
    watched: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OthersRestarted:
    """``instances`` beside those of ``target`` were restarted, while visitors could meet them.

    ``fix`` is what keeps ``supervisor`` from doing so again.
    """

    wire: ClassVar[str] = "target.others_restarted"

    target: str
    instances: tuple[str, ...]
    supervisor: str
    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetDone:
    """Restarted, serving, and stable.

    ``seconds`` is the time it was out of rotation, ``release`` the one that its processes were
    seen to run in; empty for a restart, which does not ask.  ``phases`` has the seconds of
    ``drain``, ``maint``, ``boot``, ``check`` (all out of rotation) and ``watch`` (in rotation).
    """

    wire: ClassVar[str] = "target.done"

    target: str
    seconds: float
    release: str = ""
    phases: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetNotStarted:
    """Its turn came and nothing of it was changed.

    ``reason`` says what kept us, ``fix`` what mends that.
    """

    wire: ClassVar[str] = "target.not_started"

    target: str
    reason: str
    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetReturnedUntouched:
    """It serves as before, with the processes that it had.

    ``reason`` says what stopped us, ``fix`` what mends that.  ``asked``: a restart was asked for,
    and its supervisor kept the processes.  ``seconds`` is the time it was out of rotation.
    """

    wire: ClassVar[str] = "target.returned_untouched"

    target: str
    reason: str
    fix: str = ""
    asked: bool = False
    seconds: float | None = None
    phases: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetLeftOut:
    """It is out of rotation, or not known to serve, and we leave it so.

    Attributes:
        state: What HAProxy was last seen to have for it: ``maint``, ``drain``, ``ready`` (told to
            serve and not seen to), two of these joined by ``and`` where some of its servers were
            changed from outside, ``gone`` where HAProxy has none of them any more, or ``unknown``.
        reason: What stopped us.
        asked: It was asked to restart; otherwise it is as it was, only out of rotation.
        look: What to type to see more.
        servers: What must be given back, of one that an earlier run took; else it was claimed with
            them.
        seconds: How long it is out of rotation by now; none where this run did not take it out.
    """

    wire: ClassVar[str] = "target.left_out"

    target: str
    state: str
    reason: str
    asked: bool
    look: str
    servers: tuple[str, ...] = ()
    seconds: float | None = None
    phases: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetSeen:
    """How the fleet stands when the run ends: one look at every load balancer.

    Attributes:
        serving: Targets of the run to which every load balancer of theirs sends visitors.
        taken: Targets that are held out of rotation, with how.
        down: Targets that are ready and get no visitors, with how HAProxy calls them.
        gone: Targets of which HAProxy has no server line any more that is switched on.
        others: Server lines of the same backends that get no visitors, and are no target's.
        unseen: Load balancers that did not answer, with what they did instead.
        other_owner: What is known of another run that has the lock by now, or empty.
    """

    wire: ClassVar[str] = "fleet.seen"

    serving: tuple[str, ...] = ()
    taken: Mapping[str, str] = field(default_factory=dict[str, str])
    down: Mapping[str, str] = field(default_factory=dict[str, str])
    gone: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    unseen: Mapping[str, str] = field(default_factory=dict[str, str])
    other_owner: str = ""
