"""The question that a person answers by yes or no before a command changes anything."""

import sys

from rollout.cli.console import print_beside

NOTHING = "nothing was changed"


def agrees(what: str) -> bool:
    """Ask ``what`` at the terminal; anything but a yes is a no, also the end of the input."""
    print_beside(f"{what} [y/N] ")
    try:
        answer = sys.stdin.readline()
    except UnicodeDecodeError:  # what was typed are no characters of the locale
        answer = "\n"
    if not answer.endswith("\n"):
        print_beside("\n")
    return answer.strip().lower() in {"y", "yes"}
