"""``rollout`` and ``python -m rollout``: the first thing that runs, and as little as possible."""

import sys

from rollout import __version__


def main() -> None:
    """Run the program and leave with its exit code."""
    if sys.argv[1:] == ["--version"]:
        # Asked by scripts and packagers; typer alone costs ten times the interpreter's own start.
        sys.stdout.write(f"rollout {__version__}\n")
        return
    try:
        from rollout.cli.door import enter  # noqa: PLC0415 - nothing before the shim above

        code = enter()
    except KeyboardInterrupt:
        code = 130  # 128 + SIGINT, as a shell reports it; nothing had been started
    sys.exit(code)


if __name__ == "__main__":
    main()
