"""Where things stand below ``deploy.to``, on every host.

``releases/NAME``, ``shared/``, ``current``, ``repo/`` and ``REVISION`` are Capistrano's; what is
only ours is kept together in ``.rollout/``, so that going back to Capistrano stays possible.
"""

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
"""Beside it, ``deploy.to``; whoever has only one of the two is not ours to end."""


def belonging(to: str, name: str) -> dict[str, str]:
    """Make the environment of a process that works on release ``name`` of ``to``."""
    return {BELONGS_TO: name, PLACE: to.rstrip("/")}


STILL_WANTED = f"""\
[ -e "$1/{NOTES}/$2" ] || {{ echo "release $2 was undone meanwhile" >&2; exit 75; }}
"""
"""The first line of a script that works on a release: ``$1`` is ``deploy.to``, ``$2`` its name.

A command whose connection was lost may begin late, after its deploy was taken back.
"""
