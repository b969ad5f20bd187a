"""The files of the project, with or without git."""

import fnmatch
import os
from collections.abc import Iterator
from pathlib import Path

HOME = Path(__file__).parents[2]


def project_files() -> Iterator[Path]:
    """Yield every file of the project: all but what git is told to ignore, and git itself."""
    ignored = [line.rstrip("/") for line in (HOME / ".gitignore").read_text().split()] + [".git"]

    def stays(name: str) -> bool:
        return not any(fnmatch.fnmatch(name, pattern) for pattern in ignored)

    for directory, below, files in os.walk(HOME):
        below[:] = filter(stays, below)
        yield from (Path(directory, name) for name in filter(stays, files))
