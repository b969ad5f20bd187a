"""Whether the fleet is fit for a rollout, and who is to be restarted: all findings at once."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from rollout.errors import RolloutError
from rollout.events import Noted, RolloutRefused, TargetSkipped
from rollout.fleet import Finding, Instance, Reading, Target
from rollout.plan import Share
from rollout.ports import Prober, Site, Tell
from rollout.seating import Scope, seat_host, twofold
from rollout.sights import Fitness, Skipped, Survey
from rollout.survey import finding, survey
from rollout.verdicts import carries, held_out


async def preflight(scope: Scope, floor: Share, site: Site) -> Fitness:
    """Look at everything, touch nothing.

    A target that the record knows as ours already is out because of us: it is not somebody
    else's, its instances need neither run nor answer, and it has its turn first.
    """
    seen = without_what_is_out(await survey(scope.hosts, site), site)
    findings = list(seen.findings)
    targets: list[Target] = []
    if len(seen.readings) == len(site.balancers):
        for sight in seen.hosts:
            seating = seat_host(sight, scope, seen.readings)
            findings += [] if sight.findings else seating.findings
            targets += seating.targets
        findings += twofold(seen.hosts, targets) or floor_findings(targets, floor, seen.readings)
    taken_up = {t.name for t in targets if site.record.holding(t.name)}
    others = [t for t in targets if t.name not in taken_up]
    skipped = tuple(s for t in others if (s := _skip(t, seen.readings)) is not None)
    names = {s.target for s in skipped}
    ours = tuple(t for t in targets if t.name not in names)
    ours = tuple(sorted(ours, key=lambda target: target.name not in taken_up))
    findings += unproven(ours, seen.readings, site)
    findings += await silent([t for t in ours if t.name not in taken_up], site)
    return Fitness(
        targets=ours,
        skipped=skipped,
        findings=tuple(dict.fromkeys(findings)),
        notes=tuple(Finding(r.balancer, n, "") for r in seen.readings.values() for n in r.notes),
    )


def without_what_is_out(seen: Survey, site: Site) -> Survey:
    """Leave out what was found of instances that are out because of us: a restart may mend them."""
    held = {
        (holding.target.host, one.name)
        for holding in site.record.held
        for one in holding.target.instances
    }
    hosts = (
        replace(
            sight,
            findings=tuple(f for f in sight.findings if (sight.host, f.instance) not in held),
        )
        for sight in seen.hosts
    )
    return replace(seen, hosts=tuple(hosts))


def announce(fit: Fitness, tell: Tell) -> bool:
    """Tell what the preflight found; true when there is somebody to be restarted."""
    for note in fit.notes:
        tell(Noted(where=note.where, what=note.what))
    for skipped in fit.skipped:
        tell(TargetSkipped(target=skipped.target, because=skipped.because))
    if fit.findings:
        tell(RolloutRefused(findings=fit.findings))
    return bool(fit.targets) and not fit.findings


def _skip(target: Target, readings: Mapping[str, Reading]) -> Skipped | None:
    rows = [readings[seat.balancer].seats[seat] for seat in target.seats]
    serves = any(map(carries, rows))
    held = [f"{row.seat} is {held_out(row)}, not by us" for row in rows if held_out(row)]
    return Skipped(target.name, "; ".join(held), serves) if held else None


def floor_findings(
    targets: Sequence[Target], floor: Share, readings: Mapping[str, Reading]
) -> list[Finding]:
    """Find backends in which the floor could never let anybody go, however healthy they are."""
    findings = []
    for name, backend in sorted({(s.balancer, s.backend) for t in targets for s in t.seats}):
        farm = {
            seat
            for seat, row in readings[name].seats.items()
            if seat.backend == backend and not row.backup
        }
        needed = floor.at_least(len(farm))
        largest = max(len(farm & set(target.seats)) for target in targets)
        if largest and len(farm) - largest < needed:
            findings.append(
                Finding(
                    f"{backend}@{name}",
                    f"the floor is {needed} of {len(farm)} servers"
                    f"{f' ({floor})' if floor.percent else ''}, and one target takes {largest} of "
                    "them out: it could never be spared",
                    f"lower fleet.floor to {len(farm) - largest} (0 accepts that nobody serves "
                    "meanwhile), or add a server",
                )
            )
    return findings


def unproven(
    targets: Iterable[Target], readings: Mapping[str, Reading], site: Site
) -> list[Finding]:
    """Find seats whose return nothing could prove: no probe of ours and no check of HAProxy's."""
    if site.prober is not None:
        return []
    blind = [s for t in targets for s in t.seats if not readings[s.balancer].seats[s].checked]
    cure = 'set restart.probe, such as "http://127.0.0.1:{port}/up", or add `check` to the line'
    return [Finding(str(s), "HAProxy does not check it and there is no probe", cure) for s in blind]


async def silent(targets: Sequence[Target], site: Site) -> list[Finding]:
    """Ask every instance now: a probe that fails before the restart proves nothing after it."""
    prober = site.prober
    if prober is None:
        return []
    asked = [(target.host, one) for target in targets for one in target.instances]
    found = await asyncio.gather(*(_silent(prober, host, one) for host, one in asked))
    return [words for words in found if words is not None]


async def _silent(prober: Prober, host: str, one: Instance) -> Finding | None:
    try:
        answer = await prober.answers(host, one)
    except RolloutError as error:
        return finding(host, error)
    cure = "is restart.probe right for it?  A sick host can be left aside with --exclude"
    what = f"{one.name} does not answer the probe: {answer.said}"
    return None if answer.fine else Finding(host, what, cure)
