"""``rollout explain``: the runbook of an exit code, as it lies in the package."""

from importlib import resources

from rollout.cli.arguments import Arguments
from rollout.cli.console import print_output
from rollout.cli.options import EXIT
from rollout.model.errors import SettingsError
from rollout.output.columns import columns
from rollout.summary.exit_codes import exit_name
from rollout.summary.run import Exit
from rollout.text.suggest import did_you_mean


def explain(arguments: Arguments) -> int:
    """Run the command and return its exit code."""
    code = arguments.text(EXIT)
    print_output(runbook(code) if code else exit_codes())
    return 0


def exit_codes() -> str:
    """List every exit code with its name and what the fleet looks like then."""
    return columns([(str(code.value), exit_name(code), code.fleet_now) for code in Exit])


def runbook(code: str) -> str:
    """Return the runbook of an exit code, which is a number or a name.

    Raises:
        SettingsError: there is no such code.
    """
    known = {name: one for one in Exit for name in (str(one.value), exit_name(one))}
    if code not in known:
        near = did_you_mean(code, known)
        raise SettingsError([f"no run ends with exit {code!r}{near}; `rollout explain` lists all"])
    if known[code] is Exit.DONE:
        return f"# Exit 0: done\n\nNothing is to be done: {Exit.DONE.fleet_now}."
    file = resources.files("rollout").joinpath("runbooks", f"{known[code].value}.md")
    return file.read_text(encoding="utf-8")
