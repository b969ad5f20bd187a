"""From settings to the world: every adapter is made here, and closed here."""

import gc
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

from rollout.adapters.haproxy import HAProxyBalancer
from rollout.adapters.haproxy.over_ssh import through_ssh
from rollout.adapters.haproxy.over_tcp import over_tcp
from rollout.adapters.haproxy.socket_proxy import SocketProxy
from rollout.adapters.local.exit_cleanup import ends_with_us
from rollout.adapters.local.shell_command import run_locally
from rollout.adapters.local.smoke import CommandSmoke
from rollout.adapters.local.thread_pool import Pool
from rollout.adapters.lock.control import LockControl
from rollout.adapters.lock.lock_directory import HERE, LockDirectory, LockLocation
from rollout.adapters.lock.remote_lock import FleetLock
from rollout.adapters.monit.finder import MonitFinder
from rollout.adapters.monit.supervisor import MonitOptions, MonitSupervisor
from rollout.adapters.probe.prober import PortProber, ProbeOptions
from rollout.adapters.ssh import Ssh, SshOptions
from rollout.adapters.ssh.addresses import AT_ONCE, SshAddresses
from rollout.cli.deploy_wiring import build_releases, build_supply
from rollout.cli.from_deploy_settings import the_deploy
from rollout.cli.from_settings import ssh_words
from rollout.lock.guarded_releases import GuardedReleases
from rollout.lock.ownership_log import UnlockedOwnershipLog
from rollout.model.errors import LockError
from rollout.ports.discovery import SupervisorFinder
from rollout.ports.site import Balancer, Site
from rollout.settings.model import Settings
from rollout.text.admin_sockets import tcp_socket
from rollout.wait import now

NOT_TAKEN = LockError("lock", "this command has not taken it")
NOT_OURS = UnlockedOwnershipLog(NOT_TAKEN)
"""The record of a world that is looked at without the lock."""

REPLY_WITHIN = 5.0
"""Seconds for one command on an admin socket; to a remote one ssh may have to connect first."""


@asynccontextmanager
async def open_site(
    settings: Settings, *, stop_asked: Callable[[], bool] = lambda: False
) -> AsyncIterator[Site]:
    """Build the world of ``settings`` and hang up everywhere at the end.

    Nothing is contacted before something is asked of the site.
    """
    async with AsyncExitStack() as closing:
        ssh = open_ssh(settings, closing)
        yield build_site(settings, ssh, closing, stop_asked)


@asynccontextmanager
async def open_deploy(
    settings: Settings, *, stop_asked: Callable[[], bool] = lambda: False
) -> AsyncIterator[Site]:
    """Build the same world, with what only a deploy needs of it.

    Raises:
        SettingsError: there is no ``[deploy]``, or it cannot be meant so.
    """
    async with AsyncExitStack() as closing:
        ssh = open_ssh(settings, closing)
        site = build_site(settings, ssh, closing, stop_asked)
        yield replace(site, services=build_supply(the_deploy(settings), ssh, closing))


def open_ssh(settings: Settings, closing: AsyncExitStack | ExitStack) -> Ssh:
    """Make what connects to hosts when asked to, and hangs up with ``closing``."""
    gc.enable()  # off since the start, while there was only code to load
    ssh = Ssh(ssh_options(settings))
    closing.callback(ssh.close)
    closing.enter_context(ends_with_us(ssh.end_commands))
    return ssh


def build_site(
    settings: Settings, ssh: Ssh, closing: AsyncExitStack, stop_asked: Callable[[], bool]
) -> Site:
    """Make every adapter of the site, to be looked at: `rollout.lock.session` lets a run act in it.

    What must be closed is left to ``closing``.

    Hosts and load balancers have their own threads, so that a crowd of slow hosts never keeps us
    from telling HAProxy something.
    """
    host_pool, balancer_pool, name_pool = Pool(32), Pool(), Pool(AT_ONCE)
    for pool in (host_pool, balancer_pool, name_pool):
        closing.callback(pool.close)
    probe, smoke = settings.restart.probe, settings.restart.smoke
    releases = build_releases(settings.deploy, ssh, closing) if settings.deploy else None
    return Site(
        balancers=build_balancers(settings, ssh, balancer_pool, closing),
        supervisor=MonitSupervisor(ssh.run, supervisor_options(settings), host_pool.call),
        prober=PortProber(ssh, probe_options(settings), host_pool.call) if probe else None,
        smoke=CommandSmoke(smoke, settings.restart.smoke_timeout, os.environ) if smoke else None,
        record=NOT_OURS,
        addresses=SshAddresses(
            lambda host: ssh.resolve(host).hostname,
            name_pool,
            needed=not settings.fleet.server,
            said=settings.fleet.addresses,
        ),
        releases=GuardedReleases(releases, NOT_OURS) if releases else None,
        lock=build_lock(settings, ssh, host_pool),
        control=LockControl(lock_places(settings, ssh, host_pool)),
        stop_asked=stop_asked,
        started=now(),
    )


@contextmanager
def open_lock(settings: Settings) -> Iterator[FleetLock]:
    """Make the lock alone, and hang up everywhere at the end."""
    with open_control(settings) as (lock, _):
        yield lock


@contextmanager
def open_control(settings: Settings) -> Iterator[tuple[FleetLock, LockControl]]:
    """Make the lock, and what asks the run that holds it; hang up everywhere at the end."""
    with ExitStack() as closing:
        pool = Pool(AT_ONCE)
        closing.callback(pool.close)
        ssh = open_ssh(settings, closing)
        yield build_lock(settings, ssh, pool), LockControl(lock_places(settings, ssh, pool))


def build_finder(settings: Settings, ssh: Ssh, pool: Pool) -> SupervisorFinder:
    """Make what finds out how the supervisor of an unknown host is called."""
    return MonitFinder(ssh.run, pool.call, settings.supervisor.section)


def build_lock(settings: Settings, ssh: Ssh, pool: Pool) -> FleetLock:
    """Make the lock, in all its places."""
    return FleetLock(lock_places(settings, ssh, pool))


def lock_places(settings: Settings, ssh: Ssh, pool: Pool) -> list[LockDirectory]:
    """Make one place for each machine that a load balancer runs on, in order."""
    directory, timeout = lock_directory(settings), settings.ssh.connect_timeout
    return [
        LockDirectory(
            name or HERE,
            ssh.run if name else run_locally,
            pool.call,
            directory,
            timeout=timeout,
        )
        for name in lock_machines(settings)
    ]


def lock_directory(settings: Settings) -> LockLocation:
    """Say where the lock lies on each machine, and who may write there."""
    return LockLocation(
        path=settings.lock.directory,
        app=settings.app,
        group=settings.lock.group,
        or_own=settings.lock.is_default,
        ssh=ssh_words(settings),
        beside=tuple(Path(lb.socket) for lb in settings.balancers.values() if not lb.ssh),
    )


def lock_machines(settings: Settings) -> tuple[str, ...]:
    """List the machines that hold the lock, by their ssh names; empty for the one we run on.

    They go by the names of the load balancers, which are the same from wherever it is taken.
    """
    return tuple(dict.fromkeys(lb.ssh for _, lb in sorted(settings.balancers.items())))


def build_balancers(
    settings: Settings, ssh: Ssh, pool: Pool, closing: AsyncExitStack
) -> dict[str, Balancer]:
    """Make the load balancers, with a bridge for each that is on another machine."""
    connect = settings.ssh.connect_timeout
    balancers: dict[str, Balancer] = {}
    for name, said in settings.balancers.items():
        tcp = tcp_socket(said.socket)
        entrance: Path | SocketProxy = Path(said.socket)
        timeout = REPLY_WITHIN
        if said.ssh:
            entrance = through_ssh(ssh, said.ssh, said.socket, timeout=timeout + connect)
            closing.push_async_callback(entrance.close)
            timeout += connect + 1.0  # a little more, so that the bridge can still say why
        elif tcp is not None:
            entrance = over_tcp(name, tcp, timeout=timeout)
            closing.push_async_callback(entrance.close)
            timeout += 1.0
        balancers[name] = HAProxyBalancer(name, entrance, said.backends, pool, timeout)
    return balancers


def ssh_options(settings: Settings) -> SshOptions:
    """Say to ssh what the settings say; the rest is the operator's own configuration."""
    said = settings.ssh
    config = Path(said.config).expanduser() if said.config else None
    return SshOptions(user=said.user or None, config=config, connect_timeout=said.connect_timeout)


def probe_options(settings: Settings) -> ProbeOptions:
    """Say to the prober what the settings say about the probe."""
    return ProbeOptions(
        template=settings.restart.probe,
        name=settings.restart.probe_host,
        ports_setting=f"{settings.supervisor.section}.ports",
    )


def supervisor_options(settings: Settings) -> MonitOptions:
    """Say to the supervisor what the settings say about it."""
    said = settings.monit
    return MonitOptions(
        command=said.command,
        group=said.group,
        match=said.match,
        instances=said.instances or None,
        ports=said.ports,
        ssh=ssh_words(settings),
    )
