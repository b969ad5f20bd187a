"""From settings to what a run is about: its scope, its plan, and what to type afterwards."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from rollout.lock.acquire import LockRequest
from rollout.model.fleet import Target
from rollout.model.known_fleet import KnownFleet
from rollout.model.plan import Plan, waves_of
from rollout.restart.server_mapping import Granularity, Selection
from rollout.settings.flags import ACCEPT_SICK, Flags
from rollout.settings.model import Settings
from rollout.text.admin_sockets import tcp_socket

NO_FLAGS: Flags = {}


def scope_of(settings: Settings, hosts: tuple[str, ...], flags: Flags = NO_FLAGS) -> Selection:
    """Say which hosts a run is about, and how to find their server lines."""
    return Selection(
        hosts=hosts,
        floor=settings.fleet.floor,
        server=settings.fleet.server,
        ports_setting=f"{settings.supervisor.section}.ports",
        by=Granularity(settings.fleet.by),
        accept_sick=ACCEPT_SICK in flags,
    )


def plan_of(settings: Settings, targets: Sequence[Target], flags: Flags = NO_FLAGS) -> Plan:
    """Decide everything about a run over ``targets``; a share of them is rounded here."""
    return Plan(
        waves=waves_of(targets, settings.fleet.canary),
        max_out=settings.fleet.max_out.at_most(len(targets)),
        floor=settings.fleet.floor,
        max_failures=settings.fleet.max_failures,
        instances_at_a_time=settings.supervisor.instances_at_a_time,
        probe_times=settings.restart.probe_times,
        on_busy=settings.restart.on_busy,
        known=known_of(settings),
        pause_after_canary=settings.fleet.pause_after_canary,
        accept_sick=ACCEPT_SICK in flags,
        timeouts=settings.timeouts(),
    )


def servers_of(settings: Settings) -> int:
    """Count the targets of the whole fleet, as far as the settings tell."""
    each = (settings.supervisor.instances or 1) if settings.fleet.by == "instance" else 1
    return len(settings.fleet.names) * each


def known_of(settings: Settings) -> KnownFleet:
    """Say what the record of another run may name."""
    return KnownFleet(
        hosts=frozenset(settings.fleet.names),
        balancers=frozenset(settings.balancers),
        match=settings.supervisor.match,
        match_setting=f"{settings.supervisor.section}.match",
    )


def lock_request(
    settings: Settings, hosts: Sequence[str], rollout: str, *, wait: float | None = None
) -> LockRequest:
    """Say what a restart wants of the lock; ``wait`` stands for the seconds of the settings."""
    return LockRequest(
        wait=settings.lock.wait if wait is None else wait,
        hosts=hosts,
        rollout=rollout,
    )


def reach_of(settings: Settings) -> Mapping[str, str]:
    """For each load balancer the command that passes its input to the admin socket."""
    commands = {}
    for name, said in settings.balancers.items():
        tcp = tcp_socket(said.socket)
        relay = f"socat - {shlex.quote(tcp.socat if tcp else f'UNIX-CONNECT:{said.socket}')}"
        commands[name] = (
            f"{ssh_words(settings)} {said.ssh} {shlex.quote(relay)}" if said.ssh else relay
        )
    return commands


def ssh_words(settings: Settings) -> str:
    """Spell ssh as it must be typed to get to a host of ours."""
    words = ["ssh"]
    config = settings.ssh.config
    # The words are quoted for a shell, which leaves a quoted ~ alone.
    words += ["-F", str(Path(config).expanduser())] if config else []
    words += ["-l", settings.ssh.user] if settings.ssh.user else []
    return shlex.join(words)
