"""The question before a run: on a terminal its plan is shown, and a person says whether it begins.

No lock is held meanwhile.  The run looks again under the lock, and refuses to begin if something is
not as it was shown.
"""

import os
import sys

from rollout.cli.arguments import Arguments
from rollout.cli.console import print_beside, print_error
from rollout.cli.global_options import GlobalOptions
from rollout.cli.options import CRON, YES
from rollout.cli.planning import Subject, plan
from rollout.cli.yes_or_no import NOTHING, agrees
from rollout.model.errors import RolloutError, SettingsError
from rollout.model.planned_run import PlannedRun
from rollout.output.plan import plan_text, question
from rollout.output.select import Output
from rollout.output.terminal import draws_bars, text_columns
from rollout.settings.load import Loaded
from rollout.summary.run import Exit


def must_ask(arguments: Arguments, loaded: Loaded) -> bool:
    """Tell whether a person is asked before the command begins.

    Raises:
        SettingsError: the settings require an answer, and none can be given.
    """
    if arguments.is_on(YES):
        return False
    asks = can_ask(arguments.typed, cron=arguments.is_on(CRON))
    if loaded.settings.confirm != "required":
        return asks and arguments.planned is None
    if not asks:
        where, why = loaded.origin(("confirm",)), _why(arguments)
        what = f'{where}: confirm = "required", and no person can be asked here ({why})'
        raise SettingsError([f"{what}; --yes answers"])
    return True


def can_ask(typed: GlobalOptions, *, cron: bool) -> bool:
    """Tell whether a person reads on stderr what is asked, and answers at the terminal."""
    return _is_on_terminal() and not cron and typed.output_mode is not Output.JSON


def _is_on_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _why(arguments: Arguments) -> str:
    if arguments.is_on(CRON):
        return "--cron"
    return "--output json" if _is_on_terminal() else "stdin or stderr is no terminal"


def shown_plan(subject: Subject) -> PlannedRun | Exit | None:
    """Ask where that is due, and return the plan that the run must keep to.

    Returns:
        The plan; None where none was read or shown; how the command ends where it does at once.
        Of a plan file that nothing was asked about, though an answer is required, what is now: by
        that no run begins which a person was not asked about.

    Raises:
        SettingsError: the settings require an answer, and none can be given.
        RolloutError: the answer is no.
    """
    planned = subject.arguments.planned
    if not must_ask(subject.arguments, subject.loaded):
        return planned
    shown = ask(subject)
    keeps = planned is not None and isinstance(shown, PlannedRun) and _is_asked_about(shown)
    return planned if keeps else shown


def ask(subject: Subject) -> PlannedRun | Exit:
    """Show the plan of a run and ask; return it if the run may begin, or how it ends at once.

    A plan that would be refused is returned without a question: no run keeps to it.

    Raises:
        RolloutError: the answer is no.
    """
    try:
        planned = plan(subject)
        if planned.exit_code:
            return planned  # the run says why, as it does without a question, and begins nothing
        width = text_columns(sys.stderr, os.environ)
        text = plan_text(planned, width, unicode=draws_bars(sys.stderr))
        asks = _is_asked_about(planned)
        print_beside(f"{text}\n" if asks else text)
        if asks and not agrees(question(planned)):
            raise RolloutError(NOTHING)
    except KeyboardInterrupt:
        print_beside("\n")
        print_error(NOTHING)
        return Exit.INTERRUPTED
    return planned


def _is_asked_about(planned: PlannedRun) -> bool:
    """Tell whether there is a question: something would be done, and it would not be refused."""
    return bool(planned.targets) and not planned.exit_code
