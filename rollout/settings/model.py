"""Every setting with its kind and its default; ``example.toml`` says what each is for."""

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from rollout.model.plan import OnBusy, Share, Timeouts
from rollout.settings.deploy_model import DeploySettings
from rollout.settings.notify_model import (
    LogSettings,
    MetricsSettings,
    NotifySettings,
    RunHookSettings,
    SilenceSettings,
)
from rollout.settings.templates import (
    a_host_header,
    a_probe,
    a_server,
    an_absolute_path,
    an_admin_socket,
)
from rollout.settings.types import (
    AddressList,
    Bool,
    Command,
    Count,
    CountOrPercent,
    Duration,
    Group,
    HaproxyName,
    HostList,
    Names,
    OneHost,
    Pattern,
    Port,
    Positive,
    Section,
    SingleLine,
)
from rollout.text.hostnames import expand

LOCK_DIRECTORY = "/var/lib/rollout/lock"
"""Where an administrator makes the lock's directory for the team (``rollout setup``)."""

_BASE = Timeouts()


class BalancerSettings(Section):
    """``[balancers.NAME]``: one HAProxy; without ``ssh`` it runs on this machine."""

    ssh: OneHost = ""
    socket: Annotated[SingleLine, AfterValidator(an_admin_socket)] = "/run/haproxy/admin.sock"
    backends: Names = ()


class FleetSettings(Section):
    """``[fleet]``: the hosts that are restarted, and how many may be out at once."""

    hosts: HostList
    server: Annotated[SingleLine, AfterValidator(a_server)] = ""
    addresses: dict[str, AddressList] = Field(default={})
    by: Literal["host", "instance"] = "host"
    max_out: CountOrPercent = Share(1)
    floor: CountOrPercent = Share(50, percent=True)
    canary: CountOrPercent = Share(0)
    soak: Duration = _BASE.soak
    pause_after_canary: Bool = False
    pause_timeout: Duration = _BASE.pause_timeout
    max_failures: Count = 0
    deadline: Duration = _BASE.deadline
    room_timeout: Duration = _BASE.room_timeout

    @property
    def names(self) -> tuple[str, ...]:
        """The hosts one by one, ranges expanded, in the order of the file."""
        return tuple(name for pattern in self.hosts for name in expand(pattern))


class SshSettings(Section):
    """``[ssh]``: what is not said here comes from the operator's own ssh configuration."""

    user: SingleLine = ""
    config: SingleLine = ""
    connect_timeout: Duration = 10.0


class SupervisorSettings(Section):
    """What the section of any supervisor says: which of its services are ours."""

    section: ClassVar[str]

    match: Pattern = ".*"
    instances: Count = 0
    instances_at_a_time: Count = 0
    busy_timeout: Duration = _BASE.busy_timeout
    ports: dict[str, Port] = Field(default={})


class MonitSettings(SupervisorSettings):
    """``[monit]``: how monit is asked besides."""

    section: ClassVar[str] = "monit"

    command: Command = "sudo -n monit"
    group: SingleLine = ""


class RestartSettings(Section):
    """``[restart]``: how patient each step is, and what proves an instance."""

    drain_timeout: Duration = _BASE.drain_timeout
    maint_timeout: Duration = _BASE.maint_timeout
    on_busy: OnBusy = OnBusy.STOP
    startup_delay: Duration = _BASE.startup_delay
    running_timeout: Duration = _BASE.running_timeout
    probe: Annotated[SingleLine, AfterValidator(a_probe)] = ""
    probe_host: Annotated[SingleLine, AfterValidator(a_host_header)] = ""
    probe_times: Positive = 2
    probation_timeout: Duration = _BASE.probation_timeout
    stable: Duration = _BASE.stable
    smoke: SingleLine = ""
    smoke_timeout: Duration = 30.0


class LockSettings(Section):
    """``[lock]``: where it lies on the hosts of the load balancers, and how long to wait for it."""

    directory: Annotated[SingleLine, AfterValidator(an_absolute_path)] = LOCK_DIRECTORY
    group: Group = "rollout"
    wait: Duration = 0.0

    @property
    def is_default(self) -> bool:
        """Nothing was said about the directory; then one of the login's own may serve."""
        return self.directory == LOCK_DIRECTORY


class Settings(BaseSettings):
    """All of it, read from every source and merged; see :func:`rollout.settings.load.load`."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True)

    app: HaproxyName
    require_reason: bool = False
    confirm: Literal["terminal", "required"] = "terminal"
    balancers: Annotated[dict[HaproxyName, BalancerSettings], Field(min_length=1)]
    fleet: FleetSettings
    ssh: SshSettings = SshSettings()
    monit: MonitSettings = MonitSettings()
    restart: RestartSettings = RestartSettings()
    lock: LockSettings = LockSettings()
    hooks: RunHookSettings = RunHookSettings()
    notify: NotifySettings = NotifySettings()
    silence: SilenceSettings = SilenceSettings()
    metrics: MetricsSettings = MetricsSettings()
    log: LogSettings = LogSettings()
    deploy: DeploySettings | None = None

    @property
    def supervisor(self) -> SupervisorSettings:
        """The section of the supervisor that restarts the instances."""
        return self.monit

    def timeouts(self) -> Timeouts:
        """How long each step may take."""
        return Timeouts(
            drain_timeout=self.restart.drain_timeout,
            maint_timeout=self.restart.maint_timeout,
            startup_delay=self.restart.startup_delay,
            running_timeout=self.restart.running_timeout,
            busy_timeout=self.supervisor.busy_timeout,
            probation_timeout=self.restart.probation_timeout,
            stable=self.restart.stable,
            soak=self.fleet.soak,
            pause_timeout=self.fleet.pause_timeout,
            room_timeout=self.fleet.room_timeout,
            deadline=self.fleet.deadline,
        )
