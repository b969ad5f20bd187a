"""``rollout setup``: what an administrator types once on each machine; nothing is contacted."""

from typing import TYPE_CHECKING

import typer

from rollout.cli.context import asked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rollout.settings.model import Settings


def setup(context: typer.Context) -> None:
    """Print what an administrator types once on each machine."""
    from rollout.cli.words import hand_over  # noqa: PLC0415 - not for `--help`
    from rollout.render.choose import Output  # noqa: PLC0415
    from rollout.render.setup import setup_json, setup_text  # noqa: PLC0415

    voice = asked(context).voice
    lines = commands(asked(context).settings().settings)
    hand_over((setup_json if voice is Output.JSON else setup_text)(lines))


def commands(settings: "Settings") -> "Mapping[str, Sequence[str]]":
    """Return the commands for root by machine, those that hold the lock first."""
    from rollout.adapters.lock.place import HERE  # noqa: PLC0415 - not for `--help`
    from rollout.adapters.lock.setup import commands_for_lock, commands_for_state  # noqa: PLC0415
    from rollout.adapters.processes import user  # noqa: PLC0415
    from rollout.adapters.ssh import Ssh  # noqa: PLC0415
    from rollout.cli.build import lock_directory, lock_machines, ssh_options  # noqa: PLC0415

    directory, ssh = lock_directory(settings), Ssh(ssh_options(settings))
    found: dict[str, Sequence[str]] = {}
    for name in lock_machines(settings):
        login = ssh.resolve(name).user if name else user()
        found[name or HERE] = commands_for_lock(directory, login)
    if HERE not in found or not directory.is_in_state:
        mine = commands_for_state(directory.group, user())
        found[HERE] = tuple(dict.fromkeys((*found.get(HERE, ()), *mine)))
    return {machine: lines for machine, lines in found.items() if lines}
