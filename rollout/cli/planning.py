"""Finds out what a run would do now: for `plan`, for the question before a run, for a plan file."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, replace

from rollout.adapters.journal.history import Journals
from rollout.cli.arguments import Arguments
from rollout.cli.foresight import Foresight, foresight, refusal
from rollout.cli.from_settings import lock_request, plan_of, scope_of
from rollout.cli.new_run import history_of
from rollout.cli.options import INCLUDE_LEFT_OUT, TO
from rollout.deploy.planned_release import only_previewed, planned_release
from rollout.lock.acquire import LockRequest
from rollout.model.deploy import Deploy
from rollout.model.errors import RecordError
from rollout.model.findings import PreflightReport
from rollout.model.impact import Place
from rollout.model.planned_run import PlannedRun, RunRequest
from rollout.model.traffic import TrafficNow
from rollout.output.status import owner_words
from rollout.planning.plan_run import Seen, plan_run
from rollout.ports.site import Site
from rollout.restart.preflight import none_is_left
from rollout.restart.server_mapping import Selection
from rollout.restart.traffic_now import read_traffic_now
from rollout.settings.dump import as_text
from rollout.settings.load import Loaded
from rollout.settings.model import Settings
from rollout.summary.exit_codes import exit_name
from rollout.summary.run import Exit
from rollout.text.elapsed import age
from rollout.text.redact import MASK, redact
from rollout.text.timestamps import seconds_between, utc_now
from rollout.version import version

Ready = Callable[
    [Selection, Site], Coroutine[object, object, tuple[PreflightReport, Deploy | None]]
]
"""The preflight of a command, and the deploy that it leads to; a restart leads to none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a restart, deploy or rollback is about.

    Attributes:
        verb: ``restart``, ``uninterrupted`` or ``rollback``.
        arguments: What was typed.
        loaded: The settings.
        hosts: The chosen hosts.
        ready: Its preflight.
    """

    verb: str
    arguments: Arguments
    loaded: Loaded
    hosts: tuple[str, ...]
    ready: Ready

    @property
    def settings(self) -> Settings:
        return self.loaded.settings

    @property
    def deploys(self) -> bool:
        """It makes a release live."""
        return self.verb != "restart"

    @property
    def lock_request(self) -> LockRequest:
        """What it wants of the lock."""
        return replace(
            lock_request(self.settings, self.hosts, self.arguments.typed.rollout),
            deploys=self.deploys,
            include_left_out=self.arguments.is_on(INCLUDE_LEFT_OUT),
        )

    async def look(self, site: Site) -> tuple[PreflightReport, Deploy | None]:
        """Run the preflight."""
        scope = scope_of(self.settings, self.hosts, self.arguments.flags)
        return await self.ready(scope, site)

    @property
    def request(self) -> RunRequest:
        """What is asked for, as a plan file has it."""
        flags = {flag: redact(value) for flag, value in self.arguments.flags.items() if value}
        return RunRequest(
            app=self.settings.app,
            env=self.arguments.typed.env or "",
            verb=self.verb,
            hosts=self.hosts,
            flags=flags,
            to=self.arguments.values.get(TO) or "",
            include_left_out=self.arguments.is_on(INCLUDE_LEFT_OUT),
            settings=dict(as_text(self.loaded, lambda *_: MASK)),
        )


async def plan_now(subject: Subject) -> PlannedRun:
    """Look at all that the run would meet, and say what it would do; nothing is changed."""
    settings = subject.settings
    worlds: list[Site] = []

    async def look(site: Site) -> tuple[PreflightReport, Deploy | None]:
        worlds.append(only_previewed(site) if subject.deploys else site)
        return await subject.look(worlds[-1])

    async with foresight(settings, subject.lock_request, look, deploys=subject.deploys) as found:
        wait = settings.lock.wait
        findings = found.fit.findings or none_is_left(found.fit, deploys=subject.deploys)
        code = refusal(found, wait)
        fit, history = replace(found.fit, findings=findings), history_of(settings)
        seen = await _seen(subject, worlds[-1], fit, found.deploy)
        traffic: Mapping[Place, TrafficNow] = {}
        if fit.targets:
            traffic = await read_traffic_now(found.site)
        return _planned(
            subject,
            replace(
                seen,
                left_by=_left_by(found),
                times=history.usual_times(),
                traffic=traffic,
                lock="not known" if found.lock_unknown else owner_words(found.outlook.found),
                last_run=_last_run(history),
                exit_code=Exit.REFUSED if findings and code is Exit.DONE else code,
            ),
        )


async def plan_under_lock(
    subject: Subject, site: Site, fit: PreflightReport, deploy: Deploy | None
) -> PlannedRun:
    """Say what the run does that holds the lock; of what only a person reads nothing is there."""
    seen = await _seen(subject, site, fit, deploy)
    left = dict.fromkeys((one.target.name for one in site.record.owned_targets), "an earlier run")
    return _planned(subject, replace(seen, left_by=left))


async def _seen(subject: Subject, site: Site, fit: PreflightReport, deploy: Deploy | None) -> Seen:
    ref = "" if subject.settings.deploy is None else subject.settings.deploy.ref
    release = None if deploy is None else await planned_release(deploy, ref, site)
    return Seen(at=utc_now(), version=version(), fit=fit, findings=fit.findings, release=release)


def _planned(subject: Subject, seen: Seen) -> PlannedRun:
    plan = plan_of(subject.settings, seen.fit.targets, subject.arguments.flags)
    return plan_run(subject.request, plan, seen)


def _left_by(found: Foresight) -> Mapping[str, str]:
    return {target: run.owner.run for target, run in found.outlook.run_by_target.items()}


def _last_run(history: Journals) -> str:
    """Say what the last run was and how it ended; empty where there is none."""
    try:
        past = history.newest()
    except RecordError as error:
        return f"run not known: {error}"
    if past is None:
        return ""
    name = next((exit_name(code) for code in Exit if code == past.exit_code), "")
    unknown = "its end is not known" if history.is_gone(past.owner) else "it is under way"
    ended = name.replace("_", " ") or unknown
    ago = seconds_between(past.owner.since, utc_now())
    when = f", {age(ago)} ago" if ago is not None else ""
    return f"run {past.run} ({past.verb}) by {past.owner.who}{when}: {ended}"


def plan(subject: Subject) -> PlannedRun:
    """Do as :func:`plan_now`, from outside of any loop."""
    return asyncio.run(plan_now(subject))
