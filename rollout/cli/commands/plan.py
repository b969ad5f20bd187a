"""``rollout plan``: what a restart, deploy or rollback would do now; nothing is changed."""

import os
import shlex
import sys
from pathlib import Path

from rollout.adapters.local.whole_file import replace_file
from rollout.cli.console import print_error, print_output
from rollout.cli.planning import Subject, plan
from rollout.model.errors import RolloutError
from rollout.model.planned_run import PlannedRun
from rollout.output.plan import plan_json, plan_text, refused
from rollout.output.select import Output
from rollout.output.terminal import draws_bars, text_columns


def show_plan(subject: Subject) -> int:
    """Run the command and return the exit code with which the run would be refused, or 0."""
    typed = subject.arguments.typed
    file = typed.plan_file
    output_mode = Output.AUTO if file else typed.output_mode
    planned = plan(subject)
    if output_mode is Output.JSON:
        print_output(plan_json(planned))
    else:
        print_output(_text(planned))
    if planned.exit_code:
        print_error(refused(planned))
    if file:
        _write(planned, Path(file))
    return planned.exit_code


def _text(planned: PlannedRun) -> str:
    width = text_columns(sys.stdout, os.environ)
    return plan_text(planned, width, unicode=draws_bars(sys.stdout))


def _write(planned: PlannedRun, file: Path) -> None:
    """Put the plan into ``file`` in one step.

    Raises:
        RolloutError: it would be refused, or cannot be written.
    """
    if planned.exit_code:
        print_error(f"{file} was not written: a plan that would be refused cannot be done")
        return
    try:
        replace_file(file, plan_json(planned))
    except OSError as error:
        raise RolloutError(f"{file} cannot be written: {error.strerror}") from error
    typed = shlex.quote(str(file))
    print_error(f"the plan is in {file}; `rollout {planned.request.verb} --from-plan {typed}`")
