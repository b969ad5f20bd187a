"""A whole deploy that no visitor notices, and that can be taken back, told in order."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from rollout.deploy.current_links import take_back_where_it_never_ran, tell_where_hosts_are
from rollout.deploy.disk_preflight import shelves
from rollout.deploy.prune import prune
from rollout.deploy.rollback import roll_back, to_blame, was_asked
from rollout.deploy.transaction import Transaction
from rollout.events import (
    DeployFinished,
    DeployStarted,
    HookRan,
    Noted,
    RolloutHalted,
    RolloutRefused,
)
from rollout.model.conditions import carries
from rollout.model.deploy import Deploy
from rollout.model.errors import Halted, RolloutError, said_of
from rollout.model.fleet import Finding, Seat, SeatState, Target
from rollout.model.plan import Plan
from rollout.model.releases import Mark, OnFailure, Switch
from rollout.ports.releases import Releases
from rollout.ports.site import Answer, Hooks, Site, Supply, Tell
from rollout.restart.final_check import look_at_the_end
from rollout.restart.rolling import Rolled, rolling_restart
from rollout.wait import unless_stopped


async def uninterrupted(deploy: Deploy, plan: Plan, site: Site, supply: Supply, tell: Tell) -> None:
    """Put a release on every host of ``plan`` and let every target come back on it.

    What stops it is told, not raised: the account is the result.  Either the release serves
    everywhere and is marked good, or, as far as the policy and the hosts allow, the one before
    does.
    """
    releases = site.releases
    if releases is None:
        raise AssertionError("a deploy without releases")
    if not await agreed(deploy, site, supply.hooks, tell):
        return
    tell(
        DeployStarted(
            release=deploy.release.name,
            revision=deploy.release.revision,
            hosts=deploy.hosts,
            fresh=deploy.fresh,
        )
    )
    try:
        outcome = await _deployed(deploy, plan, site, releases, supply, tell)
    except Exception:  # a bug of ours as well is an ending that the hook should learn of
        await hook("after", deploy, site, supply.hooks, tell, outcome="halted")
        raise
    await hook("after", deploy, site, supply.hooks, tell, outcome=outcome)


async def _deployed(
    deploy: Deploy, plan: Plan, site: Site, releases: Releases, supply: Supply, tell: Tell
) -> str:
    """Do it, and say in one word for the after-hook what came of it."""
    transaction = Transaction(deploy, releases, supply.source, tell)
    try:
        await transaction.run(site.stop_asked)
    except RolloutError:
        return "taken_back"
    if deploy.switch is Switch.TOGETHER:
        await hook("switched", deploy, site, supply.hooks, tell)
    return await rolled_out(deploy, transaction, plan, site, releases, tell)


async def rolled_out(
    deploy: Deploy,
    transaction: Transaction,
    plan: Plan,
    site: Site,
    releases: Releases,
    tell: Tell,
    *,
    done: tuple[Target, ...] = (),
) -> str:
    """Restart every target of ``plan`` onto the release that is in place, or go back.

    ``done`` came back on it in an earlier part of the same deploy.

    Returns:
        What came of it, in one word for the after-hook.
    """
    onto = dict.fromkeys(deploy.hosts, deploy.release)
    plan = replace(plan, onto=onto, relink=deploy.switch is Switch.EACH)
    rolled = await rolling_restart(plan, site, tell, done=done)
    rolled = replace(rolled, restarted=(*done, *rolled.restarted))
    if not touched(rolled, site):
        await transaction.take_back("no server was restarted on it")
        return "taken_back"
    if rolled.whole:
        deploy = await without_the_skipped(deploy, rolled, transaction)
        await made_good(deploy, transaction, releases, tell)
        if aside := (*deploy.left_aside, *await still_serving(rolled.skipped, site)):
            what = "not deployed to, and still serving the release before"
            tell(RolloutHalted(because=f"{', '.join(aside)}: {what}"))
        return "live"
    await take_back_where_it_was_not_asked(deploy, rolled, site, tell)
    if deploy.on_failure is OnFailure.ROLLBACK and rolled.halted and to_blame(rolled, site):
        back = await roll_back(deploy, transaction.before, rolled, plan, site, releases, tell)
        await look_at_the_end(plan.targets, site, tell)
        if back:
            names = dict.fromkeys(deploy.hosts, deploy.release.name)
            await mark(names, Mark.BAD, releases, tell)
            return "rolled_back"
    await tell_where_hosts_are(deploy.hosts, site, tell)
    return "halted"


def touched(rolled: Rolled, site: Site) -> bool:
    """Tell whether some process may run the new release: it was asked to restart on it."""
    return bool(rolled.restarted) or any(site.record.was_asked(t.name) for t in rolled.failed)


async def still_serving(skipped: Sequence[Target], site: Site) -> tuple[str, ...]:
    """Name the skipped targets that visitors still meet on some load balancer.

    Of one that cannot be asked the worst is assumed.
    """
    names = {seat.balancer for target in skipped for seat in target.seats}
    rows: dict[Seat, SeatState] = {}
    for name in names:
        with suppress(RolloutError):
            rows |= (await site.balancers[name].look()).seats
    return tuple(
        target.name
        for target in skipped
        if any(seat not in rows or carries(rows[seat]) for seat in target.seats)
    )


async def take_back_where_it_was_not_asked(
    deploy: Deploy, rolled: Rolled, site: Site, tell: Tell
) -> None:
    """Put ``current`` back at once where the release never ran, if it holds on no host.

    A process that dies there must come back as the release that serves.
    """
    if set(rolled.restarted) - set(to_blame(rolled, site)):
        return
    asked = {t.host for t in (*rolled.restarted, *rolled.failed) if was_asked(t, rolled, site)}
    never = [host for host in deploy.hosts if host not in asked]
    if deploy.switch is Switch.TOGETHER and never:
        await take_back_where_it_never_ran(deploy.release.name, never, site, tell, discard=False)


async def without_the_skipped(deploy: Deploy, rolled: Rolled, transaction: Transaction) -> Deploy:
    """Take the release back from hosts that were somebody else's when their turn came.

    Their processes are what they were, so what monit starts anew there should be that as well.
    """
    on_it = {target.host for target in rolled.restarted}
    await transaction.take_back_from([host for host in deploy.hosts if host not in on_it])
    return replace(deploy, hosts=tuple(host for host in deploy.hosts if host in on_it))


async def made_good(
    deploy: Deploy, transaction: Transaction, releases: Releases, tell: Tell
) -> None:
    """Mark the release good on every host, and remove what nobody needs any more.

    Every server was seen on it at the end, so nothing that goes wrong here does more than warn.  A
    release from which it goes back on request is bad only if it had never been marked good.
    """
    await mark(dict.fromkeys(deploy.hosts, deploy.release.name), Mark.GOOD, releases, tell)
    left = {host: transaction.live[host] - {deploy.release.name} for host in deploy.hosts}
    for name in sorted(set[str]().union(*left.values())):
        if not deploy.fresh and name > deploy.release.name:
            hosts = [h for h in deploy.hosts if name in left[h] - transaction.good[h]]
            await mark(dict.fromkeys(hosts, name), Mark.BAD, releases, tell)
    tell(DeployFinished(release=deploy.release.name, revision=deploy.release.revision))
    seen, _ = await shelves(deploy.hosts, releases)
    await prune(seen, deploy.keep, releases, tell, left=set[str]().union(*left.values()))


async def mark(names: Mapping[str, str], verdict: Mark, releases: Releases, tell: Tell) -> None:
    """Write down on each host what became of a release of it."""

    async def one(host: str, name: str) -> None:
        try:
            await releases.settle(host, name, verdict)
        except Exception as error:  # noqa: BLE001 - it serves already: a bug as well only warns
            said = said_of(host, error)
            tell(Noted(where=host, what=f"release {name} could not be marked {verdict}: {said}"))

    await asyncio.gather(*(one(host, name) for host, name in names.items()))


async def agreed(deploy: Deploy, site: Site, hooks: Hooks, tell: Tell) -> bool:
    """Run the hook that stands before everything; if it says no, nothing is begun.

    Raises:
        Halted: the operator wants us to stop.
    """
    said = await hook("before", deploy, site, hooks, tell)
    if site.stop_asked():
        raise Halted("stopped on request, before any host was touched")
    if said is None or said.fine:
        return True
    cure = "mend it, or run it by hand (deploy.hooks.before); nothing of the deploy was begun"
    finding = Finding("hooks.before", f"it said no: {said.said}", cure)
    tell(RolloutRefused(findings=(finding,)))
    return False


async def hook(
    name: str, deploy: Deploy, site: Site, hooks: Hooks, tell: Tell, *, outcome: str = ""
) -> Answer | None:
    """Run a command of the operator's own, which learns what is deployed and what came of it.

    A stop that is asked for while it runs ends it; one of before does not keep it from running.
    """
    facts = {
        "release": deploy.release.name,
        "revision": deploy.release.revision,
        "hosts": " ".join(deploy.hosts),
        "outcome": outcome,
    }
    patient = site.stop_asked()
    try:
        said = await unless_stopped(
            hooks.run(name, facts), lambda: site.stop_asked() and not patient
        )
    except Halted:
        said = Answer(fine=False, said="ended on request")
    if said is not None:
        tell(HookRan(hook=name, fine=said.fine, said=said.said, tail=said.tail))
    return said
