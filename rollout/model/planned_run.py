"""What a run would do now: what `rollout plan restart` shows, and what a plan file holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rollout.model.findings import Skipped
from rollout.model.fleet import Finding

FORMAT = 1
"""Of the plan file; raised when a field changes its meaning or goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTarget:
    """One target that has a turn.

    Attributes:
        name: Its name.
        host: Where it runs.
        servers: Its servers, each as ``backend/server@balancer``.
        instances: The names of its instances.
        usual_seconds: How long its turn takes, the median of its last turns; null: not known.
        slow_seconds: The 90th percentile of its last turns; null: not known.
        left_by: The run that left it out of rotation; empty for one that is in rotation.
    """

    name: str
    host: str
    servers: tuple[str, ...]
    instances: tuple[str, ...]
    usual_seconds: float | None = None
    slow_seconds: float | None = None
    left_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """One moment of the run at which servers leave or come back.

    Attributes:
        seconds: Since the first target was taken out; null where no turn is known.
        out: The targets that are out of rotation from then on.
    """

    seconds: float | None
    out: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCapacity:
    """One backend of one load balancer.

    Attributes:
        balancer: Its name.
        backend: The backend's.
        members: Servers that share its visitors, whatever they are now; backups apart.
        serving: How many of them HAProxy sends visitors to now.
        lowest: The fewest at any step.
        floor: How many must serve.
        curve: How many serve from each step on.
        requests_per_second: Measured over about a second; null: it could not be read.
        sessions: Sessions that are open now; null: it could not be read.
        queued: Visitors that wait for a server now; null: it could not be read.
        added_load: Percent that each remaining server gets more at the lowest step; null where none
            remains.
    """

    balancer: str
    backend: str
    members: int
    serving: int
    lowest: int
    floor: int
    curve: tuple[int, ...] = ()
    requests_per_second: float | None = None
    sessions: int | None = None
    queued: int | None = None
    added_load: float | None = None

    @property
    def place(self) -> str:
        return f"{self.balancer}/{self.backend}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTime:
    """How long the run takes, by the last runs whose journals can be read here.

    Attributes:
        usual_seconds: With the median of the turns of each target; null: not known.
        slow_seconds: With the 90th percentile of each; null: not known.
        soak_seconds: What of it is the soak.
        around_seconds: What of it is before the first turn and after the last; null: not known.
        unknown: Targets without an earlier turn; they count as the others.
    """

    usual_seconds: float | None = None
    slow_seconds: float | None = None
    soak_seconds: float = 0.0
    around_seconds: float | None = None
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One commit.

    Attributes:
        revision: Its id.
        author: Its author's name.
        subject: The first line of its message.
    """

    revision: str
    author: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Commits:
    """The commits between two revisions, as far as they can be told.

    Attributes:
        listed: The newest first, no more than 50.
        count: How many there are.
        gone: How many the live release has and the new one has not; more than 0 is a way back.
        unknown: Why that cannot be told; empty where it can.
    """

    listed: tuple[Commit, ...] = ()
    count: int = 0
    gone: int = 0
    unknown: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDisk:
    """The room on one host, as its preflight measured it.

    Attributes:
        host: The host's name.
        free: Bytes that are free where releases lie.
        needed: Bytes that the live release takes; null: not known.
    """

    host: str
    free: int
    needed: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRelease:
    """The release that is made live.

    Attributes:
        name: Of a release that is there; empty for a new one, which is named when it is made.
        ref: What was asked for, such as a branch; empty for a release that is there.
        revision: What it is made from.
        fresh: It is put in place first.
        live: By host the name of the release that is live now; empty where none is.
        live_revisions: By host its revision; empty where none is known.
        commits: The commits between what is live and the release.
        switch: How ``current`` moves: ``together`` or ``each``.
        on_failure: What happens if it does not come up: ``rollback`` or ``stop``.
        disks: The room on each host; empty where no room is needed.
    """

    name: str
    ref: str
    revision: str
    fresh: bool
    live: Mapping[str, str]
    live_revisions: Mapping[str, str]
    commits: Commits
    switch: str
    on_failure: str
    disks: tuple[PlannedDisk, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What was asked for: what a plan file must say so that the same can be asked for again.

    Attributes:
        app: The application.
        env: The overlay of the settings, or empty.
        verb: ``restart``, ``uninterrupted`` or ``rollback``.
        hosts: The chosen hosts, in order.
        flags: The options that were given, by flag.
        to: The release that ``--to`` names, or empty.
        include_left_out: What an earlier run left out is restarted as well.
        settings: The settings that hold, by key; a secret is ``***``.
    """

    app: str
    env: str
    verb: str
    hosts: tuple[str, ...]
    flags: Mapping[str, str] = field(default_factory=dict[str, str])
    to: str = ""
    include_left_out: bool = False
    settings: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRun:
    """What a run would do now.

    Attributes:
        v: The format of the plan file.
        at: When it was planned, UTC.
        version: Of rollout.
        request: What was asked for.
        targets: Those that have a turn, in order.
        waves: Their names, in the order of the waves; each but the last is a canary.
        skipped: Targets that are left alone, with the reason.
        max_out: The most targets out at once, as it was set.
        at_once: The most that are out at once with the floor.
        limited_by: Why that is less than ``max_out``; empty where it is not.
        stuck: Why not every target can have its turn as things are; empty where each can.
        floor: The floor as it was set: a count, or a share such as ``50%``.
        steps: The moments at which servers leave or come back.
        capacity: Each backend.
        time: How long it takes.
        drain_seconds: How long sessions of one target may end by themselves.
        maint_seconds: How long those that are open then may last.
        soak_seconds: How long a canary carries traffic before the rest goes.
        pause_after_canary: The run waits for an answer after that.
        watch: What was unusual in the last runs.
        lock: The state of the lock: ``free``, or what has it.
        last_run: The last run of which this machine has a journal, in words; empty where none is.
        release: The release that is made live; null for a restart.
        findings: Why the run would be refused.
        notes: What should be known beside that.
        exit_code: 0; 3 or 4 where the run would be refused now.
    """

    v: int = FORMAT
    at: str
    version: str
    request: RunRequest
    targets: tuple[PlannedTarget, ...] = ()
    waves: tuple[tuple[str, ...], ...] = ()
    skipped: tuple[Skipped, ...] = ()
    max_out: int = 1
    at_once: int = 0
    limited_by: str = ""
    stuck: str = ""
    floor: str = ""
    steps: tuple[PlannedStep, ...] = ()
    capacity: tuple[PlannedCapacity, ...] = ()
    time: PlannedTime = PlannedTime()
    drain_seconds: float = 0.0
    maint_seconds: float = 0.0
    soak_seconds: float = 0.0
    pause_after_canary: bool = False
    watch: tuple[str, ...] = ()
    lock: str = "free"
    last_run: str = ""
    release: PlannedRelease | None = None
    findings: tuple[Finding, ...] = ()
    notes: tuple[Finding, ...] = ()
    exit_code: int = 0
