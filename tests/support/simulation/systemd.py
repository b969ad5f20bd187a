"""Another supervisor than monit over the same world: systemd, as `systemctl show` describes it.

A sketch of what `rollout/adapters/systemd` would be, without the commands.  The words are those of
systemctl(1) and org.freedesktop.systemd1(5); no real systemd stands behind them here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from rollout.model.errors import SupervisorError
from rollout.model.fleet import (
    Finding,
    Instance,
    InstanceState,
    ProcessIdentity,
    ProcessState,
    SickFinding,
)
from rollout.model.supervisor import SupervisorProfile
from tests.support.simulation.fakes import bear, survivors_of
from tests.support.simulation.world import App, World, clock

SYSTEMD = SupervisorProfile(
    name="systemd",
    running_word="active (running)",
    stop_allowance=95.0,  # DefaultTimeoutStopSec is 90 s
    stop_timeout=60.0,
    look_interval=1.0,
    keeps_because="its restart job was cancelled",
    fix_when_kept="see what cancelled the job: journalctl -u UNIT",
    couples_by="`PartOf=`",
    fix_when_coupled="restart whole hosts (--by host), or take `PartOf=` out of the unit",
    fix_when_busy="wait until `systemctl list-jobs` there is empty, or raise systemd.busy_timeout",
)

STATES = {
    "active": ProcessState.RUNNING,
    "reloading": ProcessState.RUNNING,
    "refreshing": ProcessState.RUNNING,
    "activating": ProcessState.STARTING,
    "deactivating": ProcessState.STOPPING,
    "inactive": ProcessState.STOPPED,
    "failed": ProcessState.FAILED,
}
"""`ActiveState` by what it means here; `maintenance` and whatever comes later is not known."""


def unit_state(
    name: str, shown: Mapping[str, str], process: ProcessIdentity | None
) -> InstanceState:
    """Translate what `systemctl show -p LoadState,ActiveState,SubState,Job` said of a unit."""
    state = STATES.get(shown["ActiveState"], ProcessState.UNKNOWN)
    if shown["LoadState"] != "loaded":
        state = ProcessState.UNMONITORED
    return InstanceState(
        name=name,
        state=state,
        detail=f"{shown['ActiveState']} ({shown['SubState']})",
        pending="restart" if shown["Job"] != "0" else "",
        process=process,
    )


def show(app: App, at: float) -> Mapping[str, str]:
    """Print a unit of `Type=notify`: it is active once it can answer, and not before."""
    life, job = app.life(at), at < app.pending_until
    if life is None:
        active, sub = ("inactive", "dead") if job else ("failed", "failed")
    elif life.process in app.to_be_replaced:
        active, sub = ("deactivating", "stop-sigterm") if job else ("active", "running")
    elif life.answers(at):
        active, sub = "active", "running"
    else:
        active, sub, job = "activating", "start", True
    return {
        "LoadState": "loaded",
        "ActiveState": active,
        "SubState": sub,
        "Job": "417" if job else "0",
    }


class FakeSystemd:
    """Satisfies :class:`rollout.ports.site.Supervisor`; restarts all units at the same time."""

    def __init__(self, world: World) -> None:
        self.world = world

    @property
    def profile(self) -> SupervisorProfile:
        return SYSTEMD

    def look_command(self, host: str) -> str:
        return f"ssh {host} systemctl status 'app@*'"

    async def look(self, host: str) -> tuple[InstanceState, ...]:
        async with self.world.faults.befall(f"{host} show", lambda it: SupervisorError(host, it)):
            return tuple(self._state(app) for app in self.world.hosts[host].apps)

    def _state(self, app: App) -> InstanceState:
        life = app.life(clock())
        process = life.process if life else None
        return replace(
            unit_state(app.name, show(app, clock()), process),
            port=app.port,
            survivors=survivors_of(app),
            requests=len(app.to_be_replaced),
            outgoing=process is not None and process in app.to_be_replaced,
        )

    async def restart(self, host: str, instances: Sequence[Instance]) -> None:
        machine = self.world.hosts[host]
        async with self.world.faults.befall(
            f"{host} restart", lambda it: SupervisorError(host, it)
        ):
            for app in map(machine.app, (one.name for one in instances)):
                self.world.judge_restart(machine, app)
                life = app.life(clock())
                app.to_be_replaced.append(life.process if life else None)
                app.restarts += 1
                gone = clock() + app.stop
                app.pending_until = gone
                if app.manner == "keeps_pid":  # its job is cancelled
                    continue
                if app.lives:
                    app.lives[-1].gone_at = min(app.lives[-1].gone_at, gone)
                bear(machine, app, gone, app.manner)

    def remember(self, host: str, before: Mapping[str, ProcessIdentity | None]) -> None:
        pass

    async def examine(self, host: str) -> tuple[Finding, ...]:
        return tuple(
            SickFinding(host, f"{state.name} is {state.detail}", f"systemctl start {state.name}")
            for state in await self.look(host)
            if not state.running
        )
