"""The start and the end of the program: every ending has its exit code here."""

import os

from rollout.cli.app import app
from rollout.cli.completion import complete, is_completing
from rollout.cli.console import format_error, print_error, type_as
from rollout.model.errors import LockHeld, RolloutError, SettingsError


def enter() -> int:
    """Run what the command line asks for and return the exit code.

    A command that has begun a scenario leaves with the summary's code.  What arrives here as an
    exception came before anything was changed, except for a bug, whose traceback is saved.
    """
    if is_completing(os.environ):
        return complete(app)
    try:
        app(prog_name="rollout")
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else 0
    except SettingsError as error:
        print_error(*error.problems)
        return _exit("USAGE")
    except LockHeld as held:
        print_error(f"busy, nothing was changed: {held}")
        return _exit("BUSY")
    except RolloutError as error:
        print_error(format_error(error))
        return _exit("REFUSED")
    except Exception as error:  # noqa: BLE001 - the last place that can save the traceback
        from rollout.cli.crash import save  # noqa: PLC0415 - only when something broke

        name, place = type(error).__name__, save(error)
        print_error(f"this is a bug in rollout: {name}; the traceback is in {place}")
        return _exit("BUG")
    finally:
        type_as()
    return 0


def _exit(name: str) -> int:
    from rollout.summary.run import Exit  # noqa: PLC0415 - `--help` can do without the summary

    return int(Exit[name])
