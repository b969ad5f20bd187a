"""``rollout`` and ``python -m rollout``: the first thing that runs, and as little as possible."""

import gc
import os
import sys
from contextlib import suppress

from rollout.version import version

STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def main() -> None:
    """Run the program and leave with its exit code."""
    fill_closed_streams()
    if sys.argv[1:] in (["--version"], ["-V"]):
        # Asked by scripts and packagers; typer alone costs ten times the interpreter's own start.
        with suppress(OSError):  # else typer's way says that stdout cannot be written
            sys.stdout.write(f"rollout {version()}\n")
            sys.stdout.flush()
            return
    # What is imported stays; to look for garbage in it takes a tenth of the start (measured).
    # ``open_site`` turns it on again, before anything that lasts.
    gc.disable()
    try:
        from rollout.cli.main import enter  # noqa: PLC0415 - nothing before the shim above

        code = enter()
    except KeyboardInterrupt:
        code = 130  # 128 + SIGINT, as a shell reports it; nothing had been started
    sys.exit(code)


def fill_closed_streams() -> None:
    """Put /dev/null where a standard stream is closed (``2>&-``, some job runners).

    Else the next socket would take its number and be written to; and Python has None there.
    """
    for number, (name, mode) in enumerate(STREAMS):
        try:
            os.fstat(number)
        except OSError:
            # The lowest free number is what we get, and that is this one: we go upwards.
            os.open(os.devnull, os.O_RDWR)
        if getattr(sys, name) is None:
            # open for as long as we run
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


if __name__ == "__main__":
    main()
