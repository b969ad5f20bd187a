"""A whole deploy that no visitor notices, and that can be taken back, told in order."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from rollout.deploy.current_links import take_back_where_it_never_ran, tell_where_hosts_are
from rollout.deploy.disk_preflight import read_releases
from rollout.deploy.prune import Retention, prune
from rollout.deploy.rollback import failed_because_of_release, roll_back, was_asked
from rollout.deploy.transaction import Transaction
from rollout.events import (
    DeployFinished,
    DeployStarted,
    HookRan,
    Noted,
    RolloutHalted,
    RolloutRefused,
)
from rollout.model.conditions import receives_traffic
from rollout.model.deploy import Deploy
from rollout.model.errors import Halted, RolloutError, said_of
from rollout.model.fleet import Finding, Server, ServerState, Target
from rollout.model.releases import OnFailure, ReleaseStatus, Switch
from rollout.ports.context import DeployContext
from rollout.ports.site import CheckResult, Site
from rollout.restart.final_check import check_at_the_end
from rollout.restart.rolling import RollingResult, rolling_restart
from rollout.wait import unless_stopped


async def uninterrupted(context: DeployContext) -> None:
    """Put a release on every host of the plan and let every target come back on it.

    What stops it is told, not raised: the summary is the result.  Either the release serves
    everywhere and is marked good, or, as far as the policy and the hosts allow, the one before
    does.
    """
    if not await run_before_hook(context):
        return
    tell_of_start(context)
    try:
        outcome = await _deployed(context)
    except Exception:  # a bug of ours as well is an ending that the hook should learn of
        await hook(context, "after", outcome="halted")
        raise
    await hook(context, "after", outcome=outcome)


def tell_of_start(context: DeployContext) -> None:
    """Tell which release is deployed, and to which hosts."""
    deploy = context.deploy
    context.tell(
        DeployStarted(
            release=deploy.release.name,
            revision=deploy.release.revision,
            hosts=deploy.hosts,
            fresh=deploy.fresh,
        )
    )


async def _deployed(context: DeployContext) -> str:
    """Do it, and say in one word for the after-hook what came of it."""
    source = context.services.source
    transaction = Transaction(context.deploy, context.releases, source, context.tell)
    try:
        await transaction.run(context.site.stop_asked)
    except RolloutError:
        return "taken_back"
    if context.deploy.switch is Switch.TOGETHER:
        await hook(context, "switched")
    return await rolled_out(context, transaction)


async def rolled_out(
    context: DeployContext, transaction: Transaction, *, done: tuple[Target, ...] = ()
) -> str:
    """Restart every target of the plan onto the release that is in place, or go back.

    ``done`` came back on it in an earlier part of the same deploy.

    Returns:
        What came of it, in one word for the after-hook.
    """
    deploy, site = context.deploy, context.site
    plan = replace(
        context.plan,
        release_by_host=dict.fromkeys(deploy.hosts, deploy.release),
        switch_current_per_host=deploy.switch is Switch.EACH,
    )
    context = replace(context, plan=plan)
    rolled = await rolling_restart(context, done=done)
    rolled = replace(rolled, restarted=(*done, *rolled.restarted))
    if not any_process_on_release(rolled, site):
        await transaction.take_back("no server was restarted on it")
        return "taken_back"
    if rolled.whole:
        context = replace(context, deploy=await drop_skipped_hosts(deploy, rolled, transaction))
        await mark_good_and_prune(context, transaction)
        if aside := (*context.deploy.left_aside, *await still_serving(rolled.skipped, site)):
            what = "not deployed to, and still serving the release before"
            context.tell(RolloutHalted(reason=f"{', '.join(aside)}: {what}"))
        return "live"
    await take_back_where_it_was_not_asked(context, rolled)
    if (
        deploy.on_failure is OnFailure.ROLLBACK
        and rolled.halted
        and failed_because_of_release(rolled, site)
    ):
        back = await roll_back(context, transaction.before, rolled)
        await check_at_the_end(plan.targets, site, context.tell)
        if back:
            names = dict.fromkeys(deploy.hosts, deploy.release.name)
            await mark(context, names, ReleaseStatus.BAD)
            return "rolled_back"
    await tell_where_hosts_are(context, deploy.hosts)
    return "halted"


def any_process_on_release(rolled: RollingResult, site: Site) -> bool:
    """Tell whether some process may run the new release: it was asked to restart on it."""
    return bool(rolled.restarted) or any(site.record.was_asked(t.name) for t in rolled.failed)


async def still_serving(skipped: Sequence[Target], site: Site) -> tuple[str, ...]:
    """Name the skipped targets that visitors still meet on some load balancer.

    Of one that cannot be asked the worst is assumed.
    """
    names = {server.balancer for target in skipped for server in target.servers}
    rows: dict[Server, ServerState] = {}
    for name in names:
        with suppress(RolloutError):
            rows |= (await site.balancers[name].look()).servers
    return tuple(
        target.name
        for target in skipped
        if any(server not in rows or receives_traffic(rows[server]) for server in target.servers)
    )


async def take_back_where_it_was_not_asked(context: DeployContext, rolled: RollingResult) -> None:
    """Put ``current`` back at once where the release never ran, if it holds on no host.

    A process that dies there must come back as the release that serves.
    """
    deploy, site = context.deploy, context.site
    if set(rolled.restarted) - set(failed_because_of_release(rolled, site)):
        return
    asked = {t.host for t in (*rolled.restarted, *rolled.failed) if was_asked(t, rolled, site)}
    never = [host for host in deploy.hosts if host not in asked]
    if deploy.switch is Switch.TOGETHER and never:
        await take_back_where_it_never_ran(context, deploy.release.name, never, discard=False)


async def drop_skipped_hosts(
    deploy: Deploy, rolled: RollingResult, transaction: Transaction
) -> Deploy:
    """Take the release back from hosts whose target was out from outside when its turn came.

    Their processes are what they were, so what is started anew there should be that as well.
    """
    on_it = {target.host for target in rolled.restarted}
    await transaction.take_back_from([host for host in deploy.hosts if host not in on_it])
    return replace(deploy, hosts=tuple(host for host in deploy.hosts if host in on_it))


async def mark_good_and_prune(context: DeployContext, transaction: Transaction) -> None:
    """Mark the release good on every host, and remove releases that are not needed any more.

    Every server was seen on it at the end, so nothing that goes wrong here does more than warn.  A
    release from which it goes back on request is bad only if its own deploy had not verified it.
    """
    deploy, release = context.deploy, context.deploy.release
    await mark(context, dict.fromkeys(deploy.hosts, release.name), ReleaseStatus.GOOD)
    left = {host: transaction.live[host] - {release.name} for host in deploy.hosts}
    for name in sorted(set[str]().union(*left.values())):
        if not deploy.fresh and name > release.name:
            hosts = [h for h in deploy.hosts if name in left[h] & transaction.unproven[h]]
            await mark(context, dict.fromkeys(hosts, name), ReleaseStatus.BAD)
    context.tell(DeployFinished(release=release.name, revision=release.revision))
    seen, _ = await read_releases(deploy.hosts, context.releases)
    retention = Retention(deploy.keep, also=set[str]().union(*left.values()))
    await prune(seen, retention, context.releases, context.tell)


async def mark(
    context: DeployContext, release_by_host: Mapping[str, str], status: ReleaseStatus
) -> None:
    """Write down on each host what became of a release of it."""

    async def one(host: str, name: str) -> None:
        try:
            await context.releases.settle(host, name, status)
        except Exception as error:  # noqa: BLE001 - it serves already: a bug as well only warns
            said = said_of(host, error)
            what = f"release {name} could not be marked {status}: {said}"
            context.tell(Noted(where=host, what=what))

    await asyncio.gather(*(one(host, name) for host, name in release_by_host.items()))


async def run_before_hook(context: DeployContext) -> bool:
    """Run the hook that stands before everything; if it says no, nothing is begun.

    Raises:
        Halted: the operator wants us to stop.
    """
    said = await hook(context, "before")
    if context.site.stop_asked():
        raise Halted(f"{context.site.steering.stop_reason}, before any host was changed")
    if said is None or said.ok:
        return True
    fix = "repair what the command found, or set another one in [deploy.hooks]"
    finding = Finding("deploy.hooks.before", f"it said no: {said.message}", fix)
    context.tell(RolloutRefused(findings=(finding,)))
    return False


async def hook(context: DeployContext, name: str, *, outcome: str = "") -> CheckResult | None:
    """Run a command of the operator's own, which learns what is deployed and what came of it.

    A stop that is asked for while it runs ends it; one of before does not keep it from running.
    """
    deploy, stop_asked = context.deploy, context.site.stop_asked
    facts = {
        "release": deploy.release.name,
        "revision": deploy.release.revision,
        "hosts": " ".join(deploy.hosts),
        "outcome": outcome,
    }
    patient = stop_asked()
    try:
        said = await unless_stopped(
            context.services.hooks.run(name, facts), lambda: stop_asked() and not patient
        )
    except Halted:
        said = CheckResult(ok=False, message="ended on request")
    if said is not None:
        context.tell(HookRan(hook=name, ok=said.ok, message=said.message, tail=said.output))
    return said
