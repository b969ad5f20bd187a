"""``rollout init``: an annotated settings file to begin with."""

import os
from importlib import resources
from pathlib import Path
from tempfile import mkstemp

from rollout.cli.arguments import Arguments
from rollout.cli.console import print_error
from rollout.cli.options import FORCE
from rollout.model.errors import SettingsError
from rollout.paths import FILE_NAME


def init(arguments: Arguments) -> int:
    """Run the command and return its exit code."""
    file = Path(FILE_NAME)
    text = resources.files("rollout").joinpath("example.toml").read_text(encoding="utf-8")
    try:
        (_replace if arguments.is_on(FORCE) else _create)(file, text)
    except FileExistsError:
        raise SettingsError([f"{file} is already there; --force replaces it"]) from None
    except OSError as error:
        raise SettingsError([f"{file} cannot be written: {error.strerror}"]) from error
    print_error(f"wrote {file}: set app, balancers and hosts in it, then try `rollout check`")
    return 0


def _create(file: Path, text: str) -> None:
    with file.open("x", encoding="utf-8") as new:
        new.write(text)


def _replace(file: Path, text: str) -> None:
    """Write beside and rename over, so that a full disk does not cost the old file."""
    handle, name = mkstemp(prefix=".rollout-", dir=file.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as new:
            new.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(file)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
