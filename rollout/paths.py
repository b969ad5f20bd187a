"""Where things lie on the bastion: the settings we look for, and what we leave behind."""

import os
import pwd
from collections.abc import Mapping
from pathlib import Path

from rollout.trusted_paths import UntrustedPath, open_directory, shared_group

FILE_NAME = "rollout.toml"

SHARED_STATE = Path("/var/lib/rollout")
"""Root's state directory; where an administrator has shared it with a group, also the group's."""


def settings_places(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """List where settings are looked for, nearest first."""
    own = environ.get("XDG_CONFIG_HOME") or str(_home(environ) / ".config")
    return (
        Path(FILE_NAME),
        Path(own) / "rollout" / FILE_NAME,
        Path("/etc/rollout") / FILE_NAME,
    )


def state_directory(environ: Mapping[str, str]) -> Path:
    """Say where journals and saved tracebacks go; it need not exist yet."""
    if said := environ.get("XDG_STATE_HOME"):
        return Path(said) / "rollout"
    if os.geteuid() == 0 or _is_shared(SHARED_STATE):
        return SHARED_STATE
    return _home(environ) / ".local" / "state" / "rollout"


def journal_directories(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """List where journals of past runs may lie: the login's own, and root's or the group's.

    Where ``XDG_STATE_HOME`` says where it is, it is there alone.
    """
    own = state_directory(environ)
    if environ.get("XDG_STATE_HOME"):
        return (own,)
    mine = _home(environ) / ".local" / "state" / "rollout"  # from before a group shared one
    return tuple(dict.fromkeys((own, mine, SHARED_STATE)))


def private_state_directory(environ: Mapping[str, str]) -> Path:
    """Say where that goes which is run later: in a shared place a member could exchange it."""
    place = state_directory(environ)
    if not _is_shared(place):
        return place
    home = Path(pwd.getpwuid(0).pw_dir) if os.geteuid() == 0 else _home(environ)
    return home / ".local" / "state" / "rollout"


def _is_shared(directory: Path) -> bool:
    try:
        opened = open_directory(directory)
    except (OSError, UntrustedPath):
        return False
    try:
        return shared_group(os.fstat(opened)) is not None
    finally:
        os.close(opened)


def _home(environ: Mapping[str, str]) -> Path:
    return Path(environ["HOME"]) if environ.get("HOME") else Path.home()
