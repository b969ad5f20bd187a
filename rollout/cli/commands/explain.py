"""``rollout explain``: the runbook of an exit code, as it lies in the package."""

from typing import Annotated

import typer


def explain(
    code: Annotated[
        str | None,
        typer.Argument(metavar="EXIT", help="An exit code, or its name.", show_default=False),
    ] = None,
) -> None:
    """Print what an exit code means and what to do; without one, the list."""
    from rollout.cli.console import print_output  # noqa: PLC0415 - not for `--help`

    print_output(runbook(code) if code else exit_codes())


def exit_codes() -> str:
    """List every exit code with its name and what the fleet looks like then."""
    from rollout.output.columns import columns  # noqa: PLC0415 - not for `--help`
    from rollout.summary.exit_codes import exit_name  # noqa: PLC0415
    from rollout.summary.run import Exit  # noqa: PLC0415

    return columns([(str(code.value), exit_name(code), code.fleet_now) for code in Exit])


def runbook(code: str) -> str:
    """Return the runbook of an exit code, which is a number or a name.

    Raises:
        SettingsError: there is no such code.
    """
    from importlib import resources  # noqa: PLC0415 - not for `--help`

    from rollout.model.errors import SettingsError  # noqa: PLC0415
    from rollout.summary.exit_codes import exit_name  # noqa: PLC0415
    from rollout.summary.run import Exit  # noqa: PLC0415
    from rollout.text.suggest import did_you_mean  # noqa: PLC0415

    known = {name: one for one in Exit for name in (str(one.value), exit_name(one))}
    if code not in known:
        near = did_you_mean(code, known)
        raise SettingsError([f"no run ends with exit {code!r}{near}; `rollout explain` lists all"])
    if known[code] is Exit.DONE:
        return f"# Exit 0: done\n\nNothing is to be done: {Exit.DONE.fleet_now}."
    file = resources.files("rollout").joinpath("runbooks", f"{known[code].value}.md")
    return file.read_text(encoding="utf-8")
