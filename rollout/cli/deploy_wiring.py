"""From ``[deploy]`` to what keeps the releases and brings the code."""

import os
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from rollout.adapters.journal.state_directory import opened
from rollout.adapters.local.hooks import CommandHooks
from rollout.adapters.local.thread_pool import Pool
from rollout.adapters.releases.on_hosts import ReleasesOnDisk
from rollout.adapters.releases.options import ReleaseOptions
from rollout.adapters.sources.artifact import ArtifactOptions, ArtifactSource
from rollout.adapters.sources.git import GitOptions, GitSource
from rollout.adapters.sources.push import PushOptions, PushSource
from rollout.adapters.ssh import Ssh
from rollout.adapters.ssh.scripts import Remote
from rollout.cli.from_deploy_settings import steps
from rollout.paths import private_state_directory
from rollout.ports.releases import Source
from rollout.ports.site import DeployServices
from rollout.settings.deploy_model import DeploySettings


def build_releases(said: DeploySettings, ssh: Ssh, closing: AsyncExitStack) -> ReleasesOnDisk:
    """Make what keeps the releases on the hosts."""
    options = ReleaseOptions(
        to=said.to, shared=said.shared, shared_files=said.shared_files, readlink=said.readlink
    )
    return ReleasesOnDisk(Remote(ssh.run, threads(said, closing).call), options)


def build_supply(said: DeploySettings, ssh: Ssh, closing: AsyncExitStack) -> DeployServices:
    """Make what brings the code, and the operator's hooks."""
    hooks = {name: getattr(said.hooks, name) for name in ("before", "switched", "after")}
    return DeployServices(
        source=build_source(said, ssh, closing, os.environ),
        hooks=CommandHooks(hooks, said.hooks.timeout, os.environ),
    )


def build_source(
    said: DeploySettings, ssh: Ssh, closing: AsyncExitStack, environ: Mapping[str, str]
) -> Source:
    """Make the source that the strategy asks for."""
    pool = threads(said, closing)
    remote = Remote(ssh.run, pool.call)
    match said.strategy:
        case "push":
            source = PushSource(remote, ssh.carry, pool.call, push_options(said, environ))
            closing.callback(source.close)
            return source
        case "artifact":
            return ArtifactSource(remote, pool.call, artifact_options(said))
        case "git":
            options = GitOptions(
                to=said.to,
                repo=said.repo.text,
                ref=said.ref,
                timeout=said.timeout,
                max_size=said.max_size,
            )
            return GitSource(remote, options)


def artifact_options(said: DeploySettings) -> ArtifactOptions:
    """Say to the source which packed release it is."""
    return ArtifactOptions(
        to=said.to,
        artifact=said.artifact.text,
        sha256=said.sha256,
        strip=said.strip,
        timeout=said.timeout,
        max_size=said.max_size,
    )


def push_options(said: DeploySettings, environ: Mapping[str, str]) -> PushOptions:
    """Say to the source what is pushed, and where it may keep things on this machine.

    Raises:
        RecordError: another account could have written there.
    """
    ours = private_state_directory(environ)
    with suppress(OSError), opened(ours):
        pass  # judged before git and the build steps work in it; what is missing they make
    return PushOptions(
        to=said.to,
        cache=ours / "push",
        logs=ours / "log",
        repo=said.repo.text,
        ref=said.ref,
        tree=Path(said.tree).expanduser() if said.tree else None,
        builds=steps(said, "bastion"),
        timeout=said.timeout,
        max_size=said.max_size,
        links=said.links and not steps(said, "hosts"),
        environ=dict(environ),
    )


def threads(said: DeploySettings, closing: AsyncExitStack) -> Pool:
    """Make threads for work on the hosts' disks.

    More than are at work at once: when a step has failed, what hangs in the others keeps its thread
    until it is ended, and the undo of all hosts must not wait for that.
    """
    pool = Pool(2 * said.at_once + 8)
    closing.callback(pool.close)
    return pool
