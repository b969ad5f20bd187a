"""A bug of ours: the traceback goes into a file, the person gets one line."""

import os
import secrets
import tempfile
import traceback

from rollout.adapters.journal.state_directory import StateDirectory
from rollout.model.errors import RolloutError
from rollout.paths import state_directory


def save(error: Exception) -> str:
    """Save the traceback and return the place; it holds no local variables, so no secrets.

    Where it cannot be saved, the next best is the directory for temporary files, and the last
    resort is to return the text itself.
    """
    text = "".join(traceback.format_exception(error))
    for create in (_in_state_directory, _in_temporary_files):
        try:
            handle, name = create()
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
        except (OSError, RolloutError):
            continue
        return name
    return f"no file, it could not be saved:\n{text}"


def _in_state_directory() -> tuple[int, str]:
    place = StateDirectory(state_directory(os.environ), make=True)
    try:
        name = f"crash-{secrets.token_hex(4)}.txt"
        return place.create(name), str(place.path / name)
    finally:
        place.close()


def _in_temporary_files() -> tuple[int, str]:
    return tempfile.mkstemp(prefix="crash-", suffix=".txt")
