"""Puts a file in its place whole or not at all, and through no link that another login has made."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def replace_file(file: Path, text: str, mode: int | None = None) -> None:
    """Write ``text`` in UTF-8 beside ``file``, under a hidden name, and rename it over ``file``.

    A link that stands there is replaced, not followed.  ``mode`` is the mode of the file; left out,
    it is what the umask leaves of 0666.

    Raises:
        OSError: it cannot be written; then what stood there is as it was.
    """
    name = file.with_name(f".{file.name}.{secrets.token_hex(4)}.tmp")
    handle = os.open(name, FLAGS, 0o666)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="") as new:
            new.write(text)
            if mode is not None:
                os.fchmod(new.fileno(), mode)
        name.replace(file)
    except BaseException:
        with suppress(OSError):
            name.unlink()
        raise
