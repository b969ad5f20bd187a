"""What each setting alone allows and two together do not."""

import re
from collections import Counter
from collections.abc import Iterator

from rollout.settings.deploy_consistency import deploy_contradictions
from rollout.settings.model import Settings
from rollout.settings.toml_lines import KeyPath
from rollout.text.admin_sockets import tcp_socket
from rollout.text.hostnames import expand
from rollout.text.suggest import did_you_mean

_WHOLE = 100


def contradictions(settings: Settings) -> list[tuple[KeyPath, str]]:
    """List what cannot hold together: the key to change, and why."""
    return [
        *_odd_sockets(settings),
        *_repeated_hosts(settings),
        *_addresses_of_strangers(settings),
        *_no_room(settings),
        *_blind_probe(settings),
        *_half_a_silence(settings),
        *(deploy_contradictions(settings.deploy) if settings.deploy else ()),
    ]


def _odd_sockets(settings: Settings) -> Iterator[tuple[KeyPath, str]]:
    for name, said in settings.balancers.items():
        tcp = tcp_socket(said.socket)
        if tcp is not None and not said.ssh and not tcp.is_loopback:
            # HAProxy asks for no password and encrypts nothing there.
            yield (
                ("balancers", name, "socket"),
                f"{tcp.address} is not this machine: set ssh too, and socket as seen from there",
            )
        # Where forwarding is refused the path becomes a word of a shell command and of socat's.
        if said.ssh and tcp is None and not re.fullmatch(r"/[A-Za-z0-9_./@+-]+", said.socket):
            yield (
                ("balancers", name, "socket"),
                "on another machine only letters, digits and _ . / @ + - are allowed in it",
            )


def _repeated_hosts(settings: Settings) -> Iterator[tuple[KeyPath, str]]:
    times = Counter(settings.fleet.names)
    seen: set[str] = set()
    for index, pattern in enumerate(settings.fleet.hosts):
        for name in expand(pattern):
            if name in seen and times[name] > 1:
                yield ("fleet", "hosts", index), f"{name} stands here for the second time"
            seen.add(name)


def _addresses_of_strangers(settings: Settings) -> Iterator[tuple[KeyPath, str]]:
    for name in settings.fleet.addresses:
        if name not in settings.fleet.names:
            near = did_you_mean(name, settings.fleet.names)
            yield ("fleet", "addresses", name), f"no host of fleet.hosts has this name{near}"


def _no_room(settings: Settings) -> Iterator[tuple[KeyPath, str]]:
    floor, most = settings.fleet.floor, settings.fleet.max_out
    if floor.percent and floor.amount == _WHOLE:
        yield ("fleet", "floor"), "with 100% no server could ever be taken out"
    if most.amount == 0:
        yield ("fleet", "max_out"), "must be at least 1: with 0 nothing would ever be restarted"
    count = len(settings.fleet.names)
    canary = settings.fleet.canary
    if canary.at_least(count) > count:
        yield ("fleet", "canary"), f"must be at most {count}, the number of hosts"
    if settings.fleet.pause_after_canary and not canary.amount:
        yield ("fleet", "pause_after_canary"), "needs a canary: set fleet.canary, or --canary 1"


def _blind_probe(settings: Settings) -> Iterator[tuple[KeyPath, str]]:
    probe, many = settings.restart.probe, settings.supervisor.instances
    if probe and many > 1 and not ("{port}" in probe or "{instance}" in probe):
        why = (
            f"asks the same for each of {many} instances: put {{port}} or {{instance}} in it, and "
            "ports in [monit.ports] where names do not end in one; instances behind a proxy of "
            'their own have no port to ask: probe = "" leaves the proof to HAProxy\'s checks'
        )
        yield ("restart", "probe"), why
    if settings.restart.probe_host and not probe.startswith("http"):
        yield ("restart", "probe_host"), "is for a probe that begins with http:// or https://"


def _half_a_silence(settings: Settings) -> Iterator[tuple[KeyPath, str]]:
    begin, end = bool(settings.silence.begin), bool(settings.silence.end)
    if begin and not end:
        yield ("silence", "end"), "is missing: what silence.begin begins must be ended"
    if end and not begin:
        yield ("silence", "begin"), "is missing: silence.end would end what nothing begins"
