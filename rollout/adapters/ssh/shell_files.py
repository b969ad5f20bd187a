"""Reads the scripts that hosts run: ``*.sh`` files beside the modules that use them.

A script is a constant of this program, and every value reaches it as a positional parameter or in
its environment.  Nothing is ever put into its text.
"""

import re
from functools import cache
from pathlib import Path

COMMENT = re.compile(r"^[ \t]*#.*\n|[ \t]+# .*$", re.MULTILINE)
"""A line that is a comment, or a comment at the end of a line.

``tests/test_shell_files.py`` holds that no file has a ``#`` like that in a text of its own.
"""


class Script:
    """One program for ``sh``: files one after another, each a part of it.

    The files are read when the module is: an upgrade in the middle of a run must not take away what
    undoes a deploy.

    Attributes:
        files: The files, in the order in which ``sh`` reads them.
        text: What is sent, without the comments.  All of it is one argument of a program on the
            host, and passes the network with each act.
    """

    def __init__(self, *parts: "Script | Path") -> None:
        self.files: tuple[Path, ...] = tuple(
            file for part in parts for file in (part.files if isinstance(part, Script) else (part,))
        )
        self.text = "".join(map(_code, self.files))


@cache
def _code(file: Path) -> str:
    return COMMENT.sub("", file.read_text(encoding="utf-8"))
