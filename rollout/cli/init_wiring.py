"""The world of ``rollout init``: made before there are settings, and only looked at."""

import os
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rollout.adapters.haproxy.config_file import RunningConfig
from rollout.adapters.local.thread_pool import Pool
from rollout.adapters.probe.trial import PortTrial
from rollout.adapters.releases.inspector import HostFacts
from rollout.adapters.ssh import Ssh
from rollout.adapters.ssh.known_names import SshHostNames
from rollout.cli.deploy_wiring import build_releases, build_source
from rollout.cli.from_deploy_settings import the_deploy
from rollout.cli.wiring import build_balancers, build_finder, open_ssh
from rollout.discovery.fleet import SocketPlace
from rollout.discovery.look import FleetReaders
from rollout.discovery.proposal import deploy_settings
from rollout.model.fleet import Finding
from rollout.ports.discovery import CheckPaths, DeployTrial, ProbeTrial, ReleaseLayout
from rollout.ports.releases import Releases, Source
from rollout.ports.site import Balancer
from rollout.settings.annotated import judged


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownSite:
    """What can be asked about a fleet that has no settings yet."""

    balancers: Mapping[str, Balancer]
    readers: FleetReaders
    trial: ProbeTrial
    configuration: CheckPaths
    deploy_trial: DeployTrial


class SettingsTrial:
    """Satisfies :class:`rollout.ports.discovery.DeployTrial`: what a deploy examines, and no more.

    Args:
        tree: Settings without ``[deploy]``.
        ssh: How the hosts are reached.
        closing: Closes what is made for it.
    """

    def __init__(self, tree: Mapping[str, Any], ssh: Ssh, closing: AsyncExitStack) -> None:
        self._tree = tree
        self._ssh = ssh
        self._closing = closing
        self._made: dict[ReleaseLayout, tuple[Releases, Source]] = {}

    async def examine(self, host: str, layout: ReleaseLayout) -> tuple[Finding, ...]:
        if layout not in self._made:
            self._made[layout] = self._make(layout)
        releases, source = self._made[layout]
        return (*await releases.examine(host), *await source.examine(host))

    def _make(self, layout: ReleaseLayout) -> tuple[Releases, Source]:
        said = the_deploy(judged({**self._tree, "deploy": dict(deploy_settings(layout))}))
        made = build_releases(said, self._ssh, self._closing)
        return made, build_source(said, self._ssh, self._closing, os.environ)


def open_unknown_site(
    places: Sequence[SocketPlace], ssh_config: str, closing: AsyncExitStack
) -> UnknownSite:
    """Make what reads load balancers and hosts; what must be closed is left to ``closing``.

    Raises:
        SettingsError: a place could not stand in the settings.
    """
    balancers = {one.name: {"ssh": one.ssh, "socket": one.socket} for one in places}
    tree = {
        "app": "init",
        "balancers": balancers,
        "fleet": {"hosts": ["init"]},
        "ssh": {"config": ssh_config},
    }
    settings = judged(tree)
    ssh = open_ssh(settings, closing)
    host_pool, balancer_pool, name_pool = Pool(32), Pool(), Pool(32)
    for pool in (host_pool, balancer_pool, name_pool):
        closing.callback(pool.close)
    config = Path(ssh_config).expanduser() if ssh_config else None
    readers = FleetReaders(
        names=SshHostNames(ssh, config, name_pool),
        finder=build_finder(settings, ssh, host_pool),
        inspector=HostFacts(ssh.run, host_pool.call),
    )
    return UnknownSite(
        balancers=build_balancers(settings, ssh, balancer_pool, closing),
        readers=readers,
        trial=PortTrial(ssh, host_pool.call),
        configuration=RunningConfig(ssh.run, host_pool.call),
        deploy_trial=SettingsTrial(tree, ssh, closing),
    )
