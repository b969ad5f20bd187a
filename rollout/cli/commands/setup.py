"""``rollout setup``: what an administrator types once on each machine; nothing is contacted."""

from collections.abc import Mapping, Sequence

from rollout.adapters.local.process_identity import user
from rollout.adapters.lock.lock_directory import HERE
from rollout.adapters.lock.setup_commands import commands_for_lock, commands_for_state
from rollout.adapters.ssh import Ssh
from rollout.cli.arguments import Arguments
from rollout.cli.console import print_output
from rollout.cli.wiring import lock_directory, lock_machines, ssh_options, supervisor_options
from rollout.output.select import Output
from rollout.output.setup import setup_json, setup_text
from rollout.settings.model import Settings
from rollout.text.sudoers import commands_for_sudo, readlink_line


def setup(arguments: Arguments) -> int:
    """Run the command and return its exit code."""
    output_mode = arguments.typed.output_mode
    lines = commands(arguments.settings().settings)
    print_output((setup_json if output_mode is Output.JSON else setup_text)(lines))
    return 0


def commands(settings: Settings) -> Mapping[str, Sequence[str]]:
    """Return the commands for root by machine, those that hold the lock first."""
    directory, ssh = lock_directory(settings), Ssh(ssh_options(settings))
    app_servers: dict[Sequence[str], list[str]] = {}
    for host in settings.fleet.names:
        lines = sudo_lines(settings, ssh.resolve(host).user)
        app_servers.setdefault(commands_for_sudo(settings.app, lines), []).append(host)
    found: dict[str, Sequence[str]] = {}
    for name in lock_machines(settings):
        login = ssh.resolve(name).user if name else user()
        found[name or HERE] = commands_for_lock(directory, login)
    if HERE not in found or not directory.is_in_state:
        mine = commands_for_state(directory.group, user())
        found[HERE] = tuple(dict.fromkeys((*found.get(HERE, ()), *mine)))
    found |= {", ".join(hosts): lines for lines, hosts in app_servers.items()}
    return {machine: lines for machine, lines in found.items() if lines}


def sudo_lines(settings: Settings, login: str) -> Sequence[str]:
    """Return the lines for sudoers of an app server; none where sudo is not used."""
    deploy = settings.deploy
    lines = [supervisor_options(settings).sudoers_line(login)]
    if deploy is not None and deploy.readlink.startswith("sudo "):
        lines.append(readlink_line(login))
    return lines if login != "root" else ()
