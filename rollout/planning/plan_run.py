"""Puts together what a run would do now: what was read, and the forecast that follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rollout.model.findings import PreflightReport
from rollout.model.fleet import Finding, Target
from rollout.model.impact import Place
from rollout.model.plan import Plan
from rollout.model.planned_run import (
    PlannedCapacity,
    PlannedRelease,
    PlannedRun,
    PlannedStep,
    PlannedTarget,
    PlannedTime,
    RunRequest,
)
from rollout.model.traffic import TrafficNow
from rollout.model.usual_times import UsualTimes
from rollout.planning.forecast import Forecast, Turn, World, foretell
from rollout.planning.times import ExpectedTurns, expected_turns, habits


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was read for a plan.

    Attributes:
        at: When, in UTC.
        version: Of rollout.
        fit: What the preflight found, the findings about the lock and the journals among it.
        findings: Why the run would be refused; those of ``fit``, or that no target is left.
        left_by: By target the run that left it out.
        times: The last turns.
        traffic: What each backend has to do now.
        lock: The state of the lock, in words.
        last_run: The last run, in words.
        release: The release that is made live.
        exit_code: With which the run would be refused; 0 where it would not.
    """

    at: str
    version: str
    fit: PreflightReport
    findings: tuple[Finding, ...] = ()
    left_by: Mapping[str, str] = field(default_factory=dict[str, str])
    times: UsualTimes = field(default_factory=UsualTimes)
    traffic: Mapping[Place, TrafficNow] = field(default_factory=dict[Place, TrafficNow])
    lock: str = "free"
    last_run: str = ""
    release: PlannedRelease | None = None
    exit_code: int = 0


def plan_run(request: RunRequest, plan: Plan, seen: Seen) -> PlannedRun:
    """Say what the run of ``plan`` would do, as far as what was ``seen`` tells it."""
    names = [target.name for target in plan.targets]
    turns = expected_turns(seen.times, names)
    around = seen.times.around_turns(request.verb)
    forecast = _forecast(plan, seen, turns.usual, around)
    timed = bool(turns.usual)
    return PlannedRun(
        at=seen.at,
        version=seen.version,
        request=request,
        targets=tuple(_target(target, seen) for target in plan.targets),
        waves=tuple(tuple(target.name for target in wave) for wave in plan.waves if wave),
        skipped=seen.fit.skipped,
        max_out=plan.max_out,
        at_once=forecast.at_once if forecast else 0,
        limited_by=_limit(plan, forecast),
        stuck=forecast.stuck if forecast else "",
        floor=str(plan.floor),
        steps=_steps(forecast, timed=timed),
        capacity=_capacity(plan, forecast, seen.traffic),
        time=_time(plan, seen, turns, around),
        drain_seconds=plan.timeouts.drain_timeout,
        maint_seconds=plan.timeouts.maint_timeout,
        soak_seconds=plan.timeouts.soak,
        pause_after_canary=plan.pause_after_canary,
        watch=habits(seen.times, names, plan.timeouts.drain_timeout),
        lock=seen.lock,
        last_run=seen.last_run,
        release=seen.release,
        findings=seen.findings,
        notes=seen.fit.notes,
        exit_code=seen.exit_code,
    )


def _forecast(
    plan: Plan, seen: Seen, turns: Mapping[str, Turn], around: float | None
) -> Forecast | None:
    """Play the plan; None where there is no target, or one of its load balancers was not read."""
    needed = {server.balancer for server in plan.servers}
    if not plan.targets or needed - seen.fit.readings.keys():
        return None
    world = World(
        readings=seen.fit.readings,
        left_out=frozenset(seen.left_by),
        turns=turns,
        around=around or 0.0,
    )
    return foretell(plan, world)


def _target(target: Target, seen: Seen) -> PlannedTarget:
    return PlannedTarget(
        name=target.name,
        host=target.host,
        servers=tuple(map(str, target.servers)),
        instances=tuple(one.name for one in target.instances),
        usual_seconds=_rounded(seen.times.turn(target.name)),
        slow_seconds=_rounded(seen.times.turn_at_worst(target.name)),
        left_by=seen.left_by.get(target.name, ""),
    )


def _limit(plan: Plan, forecast: Forecast | None) -> str:
    if forecast is None or forecast.at_once >= plan.max_out:
        return ""
    return forecast.limited_by


def _steps(forecast: Forecast | None, *, timed: bool) -> tuple[PlannedStep, ...]:
    steps = forecast.steps if forecast else ()
    return tuple(
        PlannedStep(seconds=_rounded(step.at) if timed else None, out=step.out) for step in steps
    )


def _capacity(
    plan: Plan, forecast: Forecast | None, traffic: Mapping[Place, TrafficNow]
) -> tuple[PlannedCapacity, ...]:
    if forecast is None:
        return ()
    found: list[PlannedCapacity] = []
    for place, members in forecast.members.items():
        serving, lowest = forecast.steps[0].serving[place], forecast.lowest(place)
        now = traffic.get(place)
        found.append(
            PlannedCapacity(
                balancer=place[0],
                backend=place[1],
                members=members,
                serving=serving,
                lowest=lowest,
                floor=plan.floor.at_least(members),
                curve=tuple(step.serving[place] for step in forecast.steps),
                requests_per_second=_rounded(now.requests_per_second) if now else None,
                sessions=now.sessions if now else None,
                queued=now.queued if now else None,
                added_load=_rounded(100 * (serving / lowest - 1)) if lowest else None,
            )
        )
    return tuple(found)


def _time(plan: Plan, seen: Seen, turns: ExpectedTurns, around: float | None) -> PlannedTime:
    if not turns.usual:
        return PlannedTime(unknown=turns.unknown)
    usual = _forecast(plan, seen, turns.usual, around)
    slow = _forecast(plan, seen, turns.slow, around)
    if usual is None or slow is None:
        return PlannedTime(unknown=turns.unknown)
    more = around or 0.0
    soaks = max(0, len(plan.waves) - 1)
    return PlannedTime(
        usual_seconds=_rounded(usual.seconds + more),
        slow_seconds=_rounded(slow.seconds + more),
        soak_seconds=soaks * plan.timeouts.soak,
        around_seconds=_rounded(around),
        unknown=turns.unknown,
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
