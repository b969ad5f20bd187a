"""Where things lie on the bastion: the settings we look for, and what we leave behind."""

import os
from collections.abc import Mapping
from pathlib import Path

FILE_NAME = "rollout.toml"


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
    if os.geteuid() == 0:
        return Path("/var/lib/rollout")
    return _home(environ) / ".local" / "state" / "rollout"


def _home(environ: Mapping[str, str]) -> Path:
    return Path(environ["HOME"]) if environ.get("HOME") else Path.home()
