"""Where ``current`` of each host leads, against the releases that its instances run in.

A note on the host tells a release whose deploy did not end (:mod:`rollout.ports.releases`).  If
``current`` leads to it and an instance runs another one, the next process that starts there runs
what nothing has proven.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from rollout.events import CurrentSeen, Noted, ReleaseDiscarded, UnprovenTakenBack
from rollout.model.errors import ReleaseError, RolloutError, said_of
from rollout.model.fleet import Finding
from rollout.model.lock_state import PastRun
from rollout.model.releases import Release
from rollout.ports.context import RunContext
from rollout.ports.site import Site, Tell
from rollout.restart.current_link import restore, retry_once

TAKES_IT_BACK = "`rollout recover` puts `current` back"
"""What to type where such a release serves on no host."""


@dataclass(frozen=True, slots=True)
class CurrentOnHost:
    """The releases of one host at one moment.

    Attributes:
        current: The release that ``current`` leads to; empty where it leads to none.
        running: By instance the release that its process works in, or its directory if that is
            none; an instance without a process is not there.
        hidden: Instances whose directory this login may not see.
        unfinished: The releases whose deploy has begun there and not ended.
    """

    host: str
    current: str
    running: Mapping[str, str]
    hidden: tuple[str, ...] = ()
    unfinished: frozenset[str] = frozenset()

    @property
    def unproven(self) -> str:
        """The release of a deploy that did not end to which ``current`` leads, or empty.

        Empty as well where every instance runs it.
        """
        if self.current not in self.unfinished or self.all_run(self.current):
            return ""
        return self.current

    def all_run(self, release: str) -> bool:
        """Tell whether each instance that has a process runs in ``release``."""
        return bool(self.running) and not self.hidden and {*self.running.values()} == {release}

    def never_ran(self, release: str) -> bool:
        """Tell whether ``current`` leads to ``release``, and no instance is seen to run it."""
        return self.current == release and not self.hidden and release not in self.running.values()


async def look_at_host(host: str, site: Site) -> CurrentOnHost:
    """Read where ``current`` of a host leads, and what its instances run in.

    Raises:
        RolloutError: it could not be read.
    """
    releases = site.require_releases()
    host_releases = await releases.look(host)
    states = [state for state in await site.supervisor.look(host) if state.process is not None]
    pids = {state.process.pid: state.name for state in states if state.process is not None}
    where = await releases.whereabouts(host, tuple(pids)) if pids else {}
    return CurrentOnHost(
        host=host,
        current=host_releases.current,
        running={pids[pid]: found for pid, found in where.items() if pid in pids},
        hidden=tuple(name for pid, name in pids.items() if pid not in where),
        unfinished=frozenset(one.name for one in host_releases.releases if one.unfinished),
    )


async def look_at_hosts(
    hosts: Iterable[str], site: Site
) -> tuple[tuple[CurrentOnHost, ...], Mapping[str, RolloutError]]:
    """Read it of several hosts at once; of a host that could not be read, why."""
    names = tuple(hosts)
    results = await asyncio.gather(
        *(look_at_host(host, site) for host in names), return_exceptions=True
    )
    seen: list[CurrentOnHost] = []
    failed: dict[str, RolloutError] = {}
    for host, result in zip(names, results, strict=True):
        if isinstance(result, CurrentOnHost):
            seen.append(result)
        elif isinstance(result, RolloutError):
            failed[host] = result
        else:
            raise result
    return tuple(seen), failed


async def against_a_restart(
    hosts: Sequence[str], site: Site
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Find hosts that a restart would take onto a release which a deploy that died left behind.

    A host of which something is out because of us is left aside: it was restarted onto it already.

    Returns:
        The findings, and notes on hosts that could not be read: a restart needs no release.
    """
    if site.releases is None:
        return (), ()
    held = {owned_target.target.host for owned_target in site.record.owned_targets}
    seen, failed = await look_at_hosts([host for host in hosts if host not in held], site)
    unproven = [one for one in seen if one.unproven]
    ran = any(one.unproven in one.running.values() for one in unproven)
    ran = ran or any(one.all_run(two.unproven) for one in seen for two in unproven)
    ways = "`rollout rollback` takes every host to the release before, `rollout uninterrupted` "
    ways += "deploys anew"
    fix = ways if ran else f"{TAKES_IT_BACK}; {ways}"
    findings = tuple(Finding(one.host, _would_start(one, ran=ran), fix) for one in unproven)
    notes = tuple(
        Finding(host, f"where `current` leads is not known: {said_of(host, error)}", "")
        for host, error in failed.items()
        if isinstance(error, ReleaseError)  # a host that is away is found by the preflight
    )
    return findings, notes


def _would_start(one: CurrentOnHost, *, ran: bool) -> str:
    seen = [*dict.fromkeys(one.running.values())]
    seen += ["what this login cannot see"] if one.hidden else []
    runs = " and ".join(seen) or "not at all"
    return (
        f"`current` leads to release {one.unproven}, of a deploy that did not end, and its "
        f"instances run {runs}: a restart would start what "
        + ("was not seen to serve there" if ran else "nothing has proven")
    )


async def take_back_where_it_never_ran(
    context: RunContext, release: str, hosts: Iterable[str], *, discard: bool
) -> bool:
    """Put ``current`` back on each of ``hosts`` on which no instance runs ``release``.

    With ``discard`` its directory is removed as well, if a deploy has made it.

    Returns:
        Whether every host was seen, and put back if it had to be.
    """
    seen, failed = await look_at_hosts(hosts, context.site)
    for host, error in failed.items():
        what = f"where `current` leads is not known: {said_of(host, error)}"
        context.tell(Noted(where=host, what=what))
    stale = [one.host for one in seen if one.never_ran(release)]
    done = await asyncio.gather(
        *(_put_back(context, host, Release(release, ""), discard=discard) for host in stale)
    )
    back = tuple(host for host, fine in zip(stale, done, strict=True) if fine)
    if back:
        context.tell(UnprovenTakenBack(release=release, hosts=back))
    return not failed and all(done)


async def _put_back(context: RunContext, host: str, release: Release, *, discard: bool) -> bool:
    if not await restore(host, release, context.site.require_releases(), context.tell):
        return False
    if discard:
        await _discard(context, host, release)
    return True


async def _discard(context: RunContext, host: str, release: Release) -> None:
    releases = context.site.require_releases()
    if error := await retry_once(partial(releases.discard, host, release)):
        what = f"release {release.name} is kept: {said_of(host, error)}"
        context.tell(Noted(where=host, what=what))
    else:
        context.tell(ReleaseDiscarded(host=host, release=release.name))


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """What a recovery could not see to, by host with the reason.

    Attributes:
        away: Hosts that could not be seen.
        kept: Hosts on which a release of a deploy that did not end is left as it is.
    """

    away: Mapping[str, RolloutError]
    kept: Mapping[str, RolloutError]


async def take_back_unproven(
    context: RunContext, hosts: Sequence[str], past: PastRun | None
) -> LeftBehind:
    """Take back each release of a deploy that did not end, if it is proven on no host.

    Proven it is where every instance of a host runs it and nothing of that host is out, and where
    the journal tells that a server came back on it.  On a host that cannot be seen it may be,
    unless its own journal tells that nothing was asked there.  A host that was asked to restart is
    left as it is: what was asked may still come.  How each host is afterwards is told, where it is
    not on one release.

    Args:
        context: The run; its ownership log knows what is still out.
        hosts: All that may have such a release.
        past: The journal of the deploy that died, if it is here and no run has gone on with it.
    """
    site = context.site
    seen, failed = await look_at_hosts(hosts, site)
    kept: dict[str, RolloutError] = {}
    half = past.deploy.release if past and past.deploy and past.half_switched else ""
    for release in sorted({*(one.unproven for one in seen), half} - {""}):
        if _is_proven(release, seen, past, site):
            continue
        doubt = [host for host in failed if _may_run(release, host, past, site)]
        kept |= await _take_back_everywhere(context, release, seen, doubt)
    again, away = await look_at_hosts([one.host for one in seen], site)
    tell_uneven(again, context.tell)
    return LeftBehind(away={**failed, **away}, kept=kept)


def _is_proven(
    release: str, seen: Sequence[CurrentOnHost], past: PastRun | None, site: Site
) -> bool:
    """Tell whether a server came back on ``release``, by what runs now or by the journal."""
    held = {owned_target.target.host for owned_target in site.record.owned_targets}
    if any(one.all_run(release) for one in seen if one.host not in held):
        return True
    if past is None or past.deploy is None or past.deploy.gone_back:
        return False
    others = {one.host for one in seen if release not in one.running.values()}
    done = {name.partition("/")[0] for name in past.done}
    return past.deploy.release == release and bool(done - others)


def _may_run(release: str, host: str, past: PastRun | None, site: Site) -> bool:
    """Tell whether a host that cannot be seen may serve ``release``."""
    if past is None or past.deploy is None or past.deploy.release != release:
        return True
    return any(one.asked for one in site.record.owned_targets if one.target.host == host)


async def _take_back_everywhere(
    context: RunContext, release: str, seen: Sequence[CurrentOnHost], doubt: Sequence[str]
) -> Mapping[str, RolloutError]:
    """Take ``release`` back where nothing was asked; return where it is left, with the reason."""
    asked = {owned.target.host for owned in context.site.record.owned_targets if owned.asked}
    ours = [one for one in seen if release in one.unfinished and one.host not in asked]
    left = [one.host for one in ours if one.unproven == release]
    if doubt:
        why = f"release {release} is left on {', '.join(left)}: it may serve on {', '.join(doubt)}"
        return {host: ReleaseError(host, why) for host in left}
    blind = [one.host for one in ours if one.unproven == release and one.hidden]
    unseen = "what its instances run cannot be seen"
    kept: dict[str, RolloutError] = {host: ReleaseError(host, unseen) for host in blind}
    if not await take_back_where_it_never_ran(context, release, left, discard=True):
        why = f"release {release} could not be taken back"
        kept |= {host: ReleaseError(host, why) for host in left if host not in kept}
    begun = [one for one in ours if one.current != release and not one.hidden]
    idle = [one.host for one in begun if release not in one.running.values()]
    await asyncio.gather(*(_discard(context, host, Release(release, "")) for host in idle))
    return kept


def tell_uneven(seen: Iterable[CurrentOnHost], tell: Tell) -> None:
    """Tell of each host whose instances do not run what ``current`` leads to."""
    for one in seen:
        if one.unproven or (one.running and not one.all_run(one.current)):
            tell(
                CurrentSeen(
                    host=one.host,
                    current=one.current,
                    running=dict(one.running),
                    hidden=one.hidden,
                    unproven=bool(one.unproven),
                )
            )


async def tell_where_hosts_are(context: RunContext, hosts: Iterable[str]) -> None:
    """Look at each host once more at the end of a deploy that halted, and tell what differs."""
    seen, failed = await look_at_hosts(hosts, context.site)
    tell_uneven(seen, context.tell)
    for host, error in failed.items():
        what = f"where `current` leads is not known: {said_of(host, error)}"
        context.tell(Noted(where=host, what=what))
