"""Tries out the state directory before a run needs it: by writing there what a run writes."""

import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from rollout.adapters.journal.writer import RESERVE, cannot_write, open_to_write
from rollout.adapters.local.container import is_private, volume
from rollout.model.errors import RecordError
from rollout.model.fleet import Finding


def refuse_private(directory: Path, sockets: Sequence[Path]) -> None:
    """Refuse a state directory that ends with the container that this process runs in.

    Args:
        directory: The state directory.
        sockets: The admin sockets, if all HAProxys run on this machine.  In one container with
            them the journal lives as long as what it is about.

    Raises:
        RecordError: the record of a run that dies would go with the container.
    """
    if is_private(directory, sockets):
        what = (
            f"the journal would end with this container: {directory} is in no directory of the "
            "machine and in no volume that has a name, so nothing would tell `rollout recover` "
            "what a run that died has left out"
        )
        raise RecordError(what, f"start the container with `{volume(directory)}`")


def try_directory(directory: Path, sockets: Sequence[Path]) -> tuple[Finding, ...]:
    """Write the reserve of a journal into ``directory``, see it on the disk, and remove it.

    Returns what would keep a run from beginning its journal; nothing if it could.
    """
    try:
        refuse_private(directory, sockets)
        _write(directory)
    except RecordError as error:
        return (Finding("journal", error.what, error.fix),)
    return ()


def _write(directory: Path) -> None:
    name = f"check.{secrets.token_hex(4)}.trial"
    place = open_to_write(directory)
    try:
        with os.fdopen(place.create(name), "wb") as file:
            file.write(b"\0" * RESERVE)
            file.flush()
            os.fsync(file.fileno())
        place.sync()
    except OSError as error:
        raise cannot_write(directory, error) from error
    finally:
        with suppress(OSError):
            place.remove(name)
        place.close()
