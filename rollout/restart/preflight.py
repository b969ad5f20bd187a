"""Checks whether the fleet is fit for a run, and what will be restarted: all findings at once."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from rollout.events import Noted, RolloutRefused, TargetSkipped
from rollout.model.conditions import external_hold, is_disabled, receives_traffic
from rollout.model.errors import RolloutError
from rollout.model.findings import FleetSnapshot, HostSnapshot, PreflightReport, Skipped
from rollout.model.fleet import BalancerSnapshot, Finding, Instance, SickFinding, Target
from rollout.ports.site import Prober, Site, Tell
from rollout.restart.fleet_snapshot import finding, take_fleet_snapshot
from rollout.restart.floor import FloorCheck
from rollout.restart.server_mapping import Selection, find_duplicates, map_host

ACCEPT_SICK = "--accept-sick"

ASIDE = "A sick host can be left aside with --exclude"


async def preflight(scope: Selection, site: Site) -> PreflightReport:
    """Look at everything, touch nothing.

    A target that the record knows as ours already is out because of us: it is not
    skipped, its instances need neither run nor answer, and it has its turn first.
    """
    seen = without_what_is_out(await take_fleet_snapshot(scope.hosts, site), site)
    findings = [f for f in seen.findings if not isinstance(f, SickFinding)]
    sick = [f for f in seen.findings if isinstance(f, SickFinding)]
    targets: list[Target] = []
    if len(seen.readings) == len(site.balancers):
        for host_snapshot in seen.hosts:
            mapping = map_host(host_snapshot, scope, seen.readings)
            accepted = SickFinding if scope.accept_sick else ()
            unfit = [f for f in host_snapshot.findings if not isinstance(f, accepted)]
            findings += [] if unfit else mapping.findings
            targets += mapping.targets
    taken_up = {t.name for t in targets if site.record.owned_target(t.name)}
    ours_already = {s for t in targets if t.name in taken_up for s in t.servers}
    room = FloorCheck(scope.floor, seen.readings, ours_already, accept_sick=scope.accept_sick)
    findings += find_duplicates(seen.hosts, targets) or room.findings(targets)
    others = [t for t in targets if t.name not in taken_up]
    skipped = tuple(s for t in others if (s := _skip(t, seen.readings)) is not None)
    names = {s.target for s in skipped}
    ours = tuple(t for t in targets if t.name not in names)
    ours = tuple(sorted(ours, key=lambda target: target.name not in taken_up))
    findings += find_unverifiable(ours, seen.readings, site)
    unheard = await find_silent_instances([t for t in ours if t.name not in taken_up], scope, site)
    findings += [f for f in unheard if not isinstance(f, SickFinding)]
    sick += [f for f in unheard if isinstance(f, SickFinding)]
    notes = [Finding(r.balancer, n, "") for r in seen.readings.values() for n in r.notes]
    if scope.accept_sick:
        notes += [Finding(f.where, f"{f.what}: restarted all the same", "") for f in sick]
        ours = tuple(sorted(ours, key=lambda target: _carries_any(target, seen.readings)))
    else:
        findings = [*findings, *_with_a_way_out(sick)]
    return PreflightReport(
        targets=ours,
        skipped=skipped,
        findings=tuple(dict.fromkeys(findings)),
        notes=tuple(
            dict.fromkeys(
                (*notes, *alerts(seen.hosts, site), *(() if findings else room.notes(ours)))
            )
        ),
        unreached=tuple(
            host_snapshot.host for host_snapshot in seen.hosts if not host_snapshot.reached
        ),
        readings=seen.readings,
    )


def alerts(hosts: Sequence[HostSnapshot], site: Site) -> Iterator[Finding]:
    """Note the instances that run while a rule of the operator's matches; the probe decides."""
    for host in hosts:
        for one in host.instances:
            if one.alert:
                name = site.supervisor.profile.name
                what = f"{one.name} runs, and {name} reports for it: {one.alert}"
                yield Finding(host.host, what, "")


def _with_a_way_out(sick: Iterable[SickFinding]) -> list[Finding]:
    """Name the flag for an outage: else the release that fixes it could not be deployed."""
    return [replace(f, fix=f"{f.fix}; in an outage: {ACCEPT_SICK}") for f in sick]


def _carries_any(target: Target, readings: Mapping[str, BalancerSnapshot]) -> bool:
    """Tell whether a visitor can meet it: those that none can meet go first and cost nothing."""
    return any(
        receives_traffic(readings[server.balancer].servers[server]) for server in target.servers
    )


def without_what_is_out(seen: FleetSnapshot, site: Site) -> FleetSnapshot:
    """Leave out what was found of instances that are out because of us: a restart may mend them."""
    held = {
        (owned_target.target.host, one.name)
        for owned_target in site.record.owned_targets
        for one in owned_target.target.instances
    }
    hosts = (
        replace(
            host_snapshot,
            findings=tuple(
                f for f in host_snapshot.findings if (host_snapshot.host, f.instance) not in held
            ),
        )
        for host_snapshot in seen.hosts
    )
    return replace(seen, hosts=tuple(hosts))


def report_preflight(fit: PreflightReport, tell: Tell, *, deploys: bool = False) -> bool:
    """Tell what the preflight found; true when there is a target to be restarted.

    A deploy that reaches no host is refused; so is a restart of which every target is skipped
    though visitors still meet one: it would end well with nothing done.
    """
    for note in fit.notes:
        tell(Noted(where=note.where, what=note.what))
    for skipped in fit.skipped:
        tell(TargetSkipped(target=skipped.target, reason=skipped.reason))
    findings = fit.findings or none_is_left(fit, deploys=deploys)
    if findings:
        tell(RolloutRefused(findings=findings))
    return bool(fit.targets) and not findings


def with_others(
    fit: PreflightReport, findings: Sequence[Finding], notes: Sequence[Finding] = ()
) -> PreflightReport:
    """Add what keeps a run from its lock or journal; a machine that is away is named once."""
    known = {one.where for one in fit.findings}
    more = dict.fromkeys(one for one in findings if one.where not in known)
    return replace(fit, findings=(*fit.findings, *more), notes=(*fit.notes, *notes))


def none_is_left(fit: PreflightReport, *, deploys: bool = False) -> tuple[Finding, ...]:
    """Find that every target is skipped, where that must not pass for a good end."""
    serving = [skipped.target for skipped in fit.skipped if skipped.serves]
    if fit.targets or not fit.skipped or not (serving or deploys):
        return ()
    what = "no host is left: each is out of rotation, and not by rollout"
    if serving:
        still = "serves" if len(serving) == 1 else "serve"
        what += f", on some lines; {', '.join(serving)} still {still}"
    fix = (
        "make the lines named above ready again, or leave their backend to itself with "
        "balancers.NAME.backends"
    )
    return (Finding("fleet", what, fix),)


def _skip(target: Target, readings: Mapping[str, BalancerSnapshot]) -> Skipped | None:
    rows = [readings[server.balancer].servers[server] for server in target.servers]
    held = [
        f"{row.server} is {external_hold(row)}, not by rollout"
        for row in rows
        if external_hold(row)
    ]
    if all(is_disabled(row) for row in rows):
        held = [f"{row.server} is {is_disabled(row)}" for row in rows]
    serves = any(map(receives_traffic, rows))
    return Skipped(target.name, "; ".join(held), serves) if held else None


def find_unverifiable(
    targets: Iterable[Target], readings: Mapping[str, BalancerSnapshot], site: Site
) -> list[Finding]:
    """Find servers whose return nothing could prove: no probe of ours and no check of HAProxy's."""
    if site.prober is not None:
        return []
    blind = [s for t in targets for s in t.servers if not readings[s.balancer].servers[s].checked]
    fix = 'set restart.probe, such as "http://127.0.0.1:{port}/up", or add `check` to the line'
    return [Finding(str(s), "HAProxy does not check it and there is no probe", fix) for s in blind]


async def find_silent_instances(
    targets: Sequence[Target], scope: Selection, site: Site
) -> list[Finding]:
    """Ask every instance now: a probe that fails before the restart proves nothing after it."""
    prober = site.prober
    if prober is None:
        return []
    asked = [(target.host, one) for target in targets for one in target.instances]
    found = await asyncio.gather(*(_silent(prober, host, one, scope) for host, one in asked))
    return [words for words in found if words is not None]


async def _silent(prober: Prober, host: str, one: Instance, scope: Selection) -> Finding | None:
    try:
        answer = await prober.answers(host, one)
    except RolloutError as error:
        return finding(host, error)
    fix = answer.fix or "is restart.probe right for it?"
    if not one.port and not answer.ok:
        fix = (
            f"give it a port in [{scope.ports_setting}]; an instance behind a proxy of the host "
            'has none of its own: restart.probe = "" leaves the proof to HAProxy\'s checks'
        )
    what = f"{one.name} does not answer the probe: {answer.message}"
    return None if answer.ok else SickFinding(host, what, f"{fix}  {ASIDE}")
