"""The settings that fit a fleet as it was seen, each with the reason for it."""

from collections.abc import Iterator, Sequence

from rollout.discovery.capacity import choose_capacity
from rollout.discovery.fleet import SeenBalancer, SeenFleet
from rollout.discovery.look import common_command
from rollout.discovery.server_naming import name_servers
from rollout.model.fleet import Finding, ServerState
from rollout.ports.discovery import ReleaseLayout
from rollout.text.annotate import Suggestion, Value
from rollout.text.host_ranges import compact

NOT_KNOWN = "Not known"
"""Begins each comment on something that was not found out."""

FEW = 6
MOST_NAMED = 20


def propose(seen: SeenFleet, *, section: str, ssh_config: str = "") -> tuple[Suggestion, ...]:
    """Return the settings, in the order of the file.

    Args:
        seen: The fleet.
        section: The section of the settings that is about the supervisor.
        ssh_config: The file that was read in place of ssh's own; empty: ssh's own.
    """
    name, why = seen.app
    return (
        Suggestion(("app",), name, (why,)),
        *(one for balancer in seen.balancers for one in _balancer(seen, balancer)),
        *_hosts(seen),
        *_naming(seen),
        *_one_by_one(seen),
        *_capacity(seen),
        *([Suggestion(("ssh", "config"), ssh_config)] if ssh_config else []),
        *_supervisor(seen, section),
        *_probe(seen),
        *_deploy(seen),
    )


def _balancer(seen: SeenFleet, balancer: SeenBalancer) -> Iterator[Suggestion]:
    place, snapshot = balancer.place, balancer.snapshot
    table = ("balancers", place.name)
    chosen = seen.backends.get(place.name, ())
    where = f"on {place.ssh}" if place.ssh else "on this machine"
    version = f"HAProxy {snapshot.version} {where}" if snapshot else f"HAProxy {where}"
    comments = [
        f"{version} showed {_servers(rows)} in backend {backend}{_left_out(backend, chosen)}."
        for backend, rows in balancer.backends().items()
    ]
    comments += [_said(note) for note in balancer.notes]
    if place.ssh:
        yield Suggestion((*table, "ssh"), place.ssh)
    yield Suggestion((*table, "socket"), place.socket)
    yield Suggestion((*table, "backends"), list(chosen), tuple(comments))


def _left_out(backend: str, chosen: Sequence[str]) -> str:
    return "" if backend in chosen else ", which is left out"


def _servers(rows: Sequence[ServerState]) -> str:
    listed = [f"{row.server.name} {row.address or '-'}:{row.port}" for row in rows[:FEW]]
    more = ", …" if len(rows) > FEW else ""
    return f"{_count(len(rows), 'server')} ({', '.join(listed)}{more})"


def _hosts(seen: SeenFleet) -> Iterator[Suggestion]:
    hosts = seen.mapping.hosts
    servers = _count(len(seen.mapping.mapped), "server")
    comments = [f"{servers} of HAProxy's belong to {_count(len(hosts), 'host')} that ssh knows."]
    lost: dict[tuple[str, str, str], ServerState] = {}
    for one in seen.mapping.unmapped:
        lost.setdefault((one.row.address, one.why, one.fix), one.row)
    comments += [
        f"{NOT_KNOWN}: which host is behind {row.server.backend}/{row.server.name} "
        f"({row.address or 'no address'}:{row.port}) on {row.server.balancer}: {why}. To do: {fix}."
        for (_, why, fix), row in [*lost.items()][:MOST_NAMED]
    ]
    if len(lost) > MOST_NAMED:
        comments.append(f"{NOT_KNOWN}: the hosts of {len(lost) - MOST_NAMED} more servers.")
    troubles = [host.trouble for host in seen.hosts.values() if host.trouble]
    comments += [
        f"{NOT_KNOWN}: what runs there. {_said(trouble)}" for trouble in troubles[:MOST_NAMED]
    ]
    if len(troubles) > MOST_NAMED:
        comments.append(f"{NOT_KNOWN}: what runs on {len(troubles) - MOST_NAMED} more hosts.")
    value = compact(hosts)
    yield Suggestion(("fleet", "hosts"), list(value), tuple(comments))


def _naming(seen: SeenFleet) -> Iterator[Suggestion]:
    naming = name_servers(seen.mapping, seen.instances.instances_of(seen.watched()))
    if not naming.known:
        why = f"{NOT_KNOWN}: how to tell the servers of one host from those of another: "
        yield Suggestion(("fleet", "server"), None, (why + naming.reason,))
    elif naming.server:
        yield Suggestion(("fleet", "server"), naming.server, (f"{naming.reason}.",))
    elif naming.addresses:
        first, *_ = naming.addresses
        for host, addresses in naming.addresses.items():
            value = addresses[0] if len(addresses) == 1 else list(addresses)
            comments = (f"{naming.reason}.",) if host == first else ()
            yield Suggestion(("fleet", "addresses", host), value, comments)
    else:
        yield Suggestion(("fleet", "server"), None, (f"By address: {naming.reason}.",))


def _one_by_one(seen: SeenFleet) -> Iterator[Suggestion]:
    """Say that instances could go one at a time, where each has a server for itself."""
    rows = [one.row for one in seen.mapping.mapped]
    places = {(row.server.balancer, row.server.backend) for row in rows}
    instances = seen.instances.instances_of(seen.watched())
    for host in seen.mapping.hosts:
        found = instances.get(host, ())
        ports = sorted(one.port for one in found)
        for place in places:
            own = seen.mapping.of_host(host)
            lines = [r.port for r in own if (r.server.balancer, r.server.backend) == place]
            if len(ports) <= 1 or (lines and sorted(lines) != ports):
                return
    why = 'Each instance has a server of its own: "instance" would take out one at a time.'
    yield Suggestion(("fleet", "by"), None, (why,))


def _capacity(seen: SeenFleet) -> Iterator[Suggestion]:
    chosen = choose_capacity(seen.mapping, seen.rows())
    yield Suggestion(("fleet", "max_out"), chosen.max_out, (f"{chosen.max_out_reason}.",))
    if chosen.floor is None:
        why = f"{NOT_KNOWN}: a floor that can be kept. {chosen.floor_reason}."
        yield Suggestion(("fleet", "floor"), None, (why,))
        return
    floor = str(chosen.floor) if chosen.floor.percent else int(chosen.floor.amount)
    yield Suggestion(("fleet", "floor"), floor, (f"{chosen.floor_reason}.",))


def _supervisor(seen: SeenFleet, section: str) -> Iterator[Suggestion]:
    command, same = common_command(seen.hosts)
    watched = seen.watched()
    if not watched:
        why = f"{NOT_KNOWN}: what runs on the hosts; none of them could be looked at."
        yield Suggestion((section, "command"), None, (why,))
        return
    differs = "" if same else " Not all hosts need it; the others must allow it as well."
    answered = f"It answered on {len(watched)} of {_count(len(seen.hosts), 'host')}.{differs}"
    yield Suggestion((section, "command"), command, (answered,))
    choice = seen.instances
    if seen.group:
        why = "The group has exactly the instances, on every host that was looked at."
        yield Suggestion((section, "group"), seen.group, (why,))
    if not choice.match:
        why = f"{NOT_KNOWN}: which processes are the instances: {choice.reason}."
        yield Suggestion((section, "match"), None, (why, "To do: say it here, or by --match."))
        return
    yield Suggestion((section, "match"), choice.match, (f"{choice.reason}.", *_others(seen)))
    yield _number(seen, section)
    for name, port in choice.ports.items():
        yield Suggestion((section, "ports", name), port)


def _others(seen: SeenFleet) -> Iterator[str]:
    """Name what is watched as well and stays as it is."""
    others = {
        one.name: None
        for host, processes in seen.watched().items()
        for one in processes
        if one.name not in seen.instances.names.get(host, ())
    }
    if others:
        listed = ", ".join([*others][:FEW]) + (", …" if len(others) > FEW else "")
        yield f"Watched as well, and left alone: {listed}."


def _number(seen: SeenFleet, section: str) -> Suggestion:
    choice = seen.instances
    if choice.each:
        why = f"Each host has {choice.each}: {', '.join(next(iter(choice.names.values()))[:FEW])}."
        return Suggestion((section, "instances"), choice.each, (why,))
    counts = ", ".join(f"{host} {len(names)}" for host, names in choice.names.items())
    why = f"{NOT_KNOWN}: how many each host must have; they differ: {counts}."
    return Suggestion((section, "instances"), None, (why,))


def _probe(seen: SeenFleet) -> Iterator[Suggestion]:
    if seen.probe.template:
        yield Suggestion(("restart", "probe"), seen.probe.template, (f"{seen.probe.reason}.",))
        return
    why = f"{NOT_KNOWN}: a request that every instance answers. {seen.probe.reason}."
    yield Suggestion(("restart", "probe"), None, (why,))


def _deploy(seen: SeenFleet) -> Iterator[Suggestion]:
    """Propose what a deploy needs; as a comment, with the reason, where it would not work yet."""
    choice = seen.deploy
    if choice.layout is None:
        yield Suggestion(("deploy", "to"), None, (f"Left as a comment: {choice.reason}.",))
        return
    layout = choice.layout
    if choice.works:
        why = (
            "The instances run in a layout like Capistrano's, and every host has what a deploy "
            "needs. Build steps are yours to add: nothing tells them."
        )
    else:
        why = (
            f"Left as a comment: {choice.reason}. To deploy with rollout too, take the marks from "
            "[deploy] and what is found below it."
        )
    reasons = {
        "to": why,
        "repo": f"The clone in {layout.to}/repo fetches from there.",
        "shared": "The live release has links to them.",
        "readlink": "The instances run as another user than the login.",
    }
    for key, value in deploy_settings(layout):
        because = (reasons[key],) if key in reasons else ()
        yield Suggestion(("deploy", key), value, because, commented_out=not choice.works)
    if choice.works:
        branch = f"{NOT_KNOWN}: which branch is deployed; main is only the default."
        yield Suggestion(("deploy", "ref"), None, (branch,))


def deploy_settings(layout: ReleaseLayout) -> Iterator[tuple[str, Value]]:
    """Yield the settings of ``[deploy]`` that a layout says, in the order of the file."""
    yield "to", layout.to
    if layout.repo:
        yield "repo", layout.repo
    if layout.shared:
        yield "shared", list(layout.shared)
    if layout.shared_files:
        yield "shared_files", list(layout.shared_files)
    if layout.by_sudo:
        yield "readlink", "sudo -n readlink"


def open_questions(suggestions: Sequence[Suggestion]) -> tuple[str, ...]:
    """Return the comments on what is not known."""
    return tuple(
        comment for one in suggestions for comment in one.comments if comment.startswith(NOT_KNOWN)
    )


def _said(finding: Finding) -> str:
    fix = f" Fix: {finding.fix}." if finding.fix else ""
    return f"{finding.where}: {finding.what}.{fix}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
