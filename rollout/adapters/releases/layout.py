"""Where things stand below ``deploy.to``, on every host.

``releases/NAME``, ``shared/``, ``current``, ``repo/`` and ``REVISION`` are Capistrano's; what is
only ours is kept together in ``.rollout/``, so that going back to Capistrano stays possible.
"""

from pathlib import Path

from rollout.adapters.ssh.shell_files import Script

NOTES = ".rollout/notes"
"""One file per deploy that has begun and not ended; see `deploy_notes`."""

MARKS = ".rollout/marks"
"""One file per release with ``good`` or ``bad`` in it."""

LOGS = ".rollout/log"
"""``NAME.STEP.log``: all that a build step printed."""

INCOMING = ".rollout/incoming"
"""What has arrived and is not verified yet."""

TRASH = ".rollout/trash"
"""A release on its way out: moved here first, so that half of one is never taken for a whole."""

BELONGS_TO = "ROLLOUT_RELEASE"
"""In the environment of every process that works on a release: by it they are found and ended."""

PLACE = "ROLLOUT_TO"
"""Beside it, ``deploy.to``; a process that has only one of the two is not ours to end."""


def release_environ(to: str, name: str) -> dict[str, str]:
    """Make the environment of a process that works on release ``name`` of ``to``."""
    return {BELONGS_TO: name, PLACE: to.rstrip("/")}


STILL_WANTED = Script(Path(__file__).with_name("still_wanted.sh"))
"""Begins a script that works on a release: ``$1`` is ``deploy.to``, ``$2`` its name."""
