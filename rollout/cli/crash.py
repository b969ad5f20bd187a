"""A bug of ours: the traceback goes into a file, the person gets one line."""

import os
import tempfile
import traceback
from pathlib import Path

from rollout.places import state_directory


def save(error: Exception) -> str:
    """Save the traceback and return the place; it holds no local variables, so no secrets.

    Where it cannot be saved, the next best is the directory for temporary files, and the last
    resort is to return the text itself.
    """
    text = "".join(traceback.format_exception(error))
    for directory in (state_directory(os.environ), Path(tempfile.gettempdir())):
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, name = tempfile.mkstemp(prefix="crash-", suffix=".txt", dir=directory)
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
        except OSError:
            continue
        return name
    return f"no file, it could not be saved:\n{text}"
