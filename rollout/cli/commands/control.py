"""``rollout pause``, ``continue`` and ``abort``: what another shell asks of the run under way."""

import asyncio

from rollout.cli.arguments import Arguments
from rollout.cli.console import print_error, print_output
from rollout.cli.lock_notes import note_what_is_done
from rollout.cli.new_run import current_owner, history_of
from rollout.cli.wiring import open_control
from rollout.lock.ask import ask_run, run_under_way
from rollout.model.control import ControlAnswer, ControlRequest, Outcome, Wanted
from rollout.model.lock_state import Kind
from rollout.output.control import answer_json, answer_words
from rollout.output.select import Output
from rollout.settings.model import Settings
from rollout.summary.run import Exit

DONE = {
    Outcome.PAUSED: "paused",
    Outcome.CONTINUED: "continued",
    Outcome.STOPPING: "aborted",
}
"""Outcomes that changed something, as the lock notes them."""

AS_ASKED = {
    Wanted.PAUSE: {Outcome.PAUSED, Outcome.PAUSED_ALREADY},
    Wanted.CONTINUE: {Outcome.CONTINUED, Outcome.NOT_PAUSED},
    Wanted.ABORT: {Outcome.STOPPING, Outcome.STOPPING_ALREADY},
}
"""Outcomes after which the run is as it was asked to be."""


def pause(arguments: Arguments) -> int:
    """Run the command and return its exit code."""
    return _ask(arguments, Wanted.PAUSE)


def go_on(arguments: Arguments) -> int:
    """Run the command and return its exit code."""
    return _ask(arguments, Wanted.CONTINUE)


def abort(arguments: Arguments) -> int:
    """Run the command and return its exit code."""
    return _ask(arguments, Wanted.ABORT)


def _ask(arguments: Arguments, wanted: Wanted) -> int:
    run, answer = asyncio.run(_asked(arguments.settings().settings, wanted))
    if arguments.typed.output_mode is Output.JSON:
        print_output(answer_json(run, answer))
    else:
        print_error(answer_words(run, answer))
    return Exit.DONE if answer.outcome in AS_ASKED[wanted] else Exit.REFUSED


async def _asked(settings: Settings, wanted: Wanted) -> tuple[str, ControlAnswer]:
    person = current_owner(Kind.MANUAL)
    with open_control(settings) as (lock, control):
        owner = await run_under_way(lock, history_of(settings))
        request = ControlRequest(wanted=wanted, by=person)
        try:
            answer = await ask_run(owner.run, request, control)
        except asyncio.CancelledError:
            print_error(
                f"run {owner.run} has not answered so far; the request to {wanted} stays in its "
                "lock unless 20 later ones push it out, and it obeys once it reads it"
            )
            raise
        if did := DONE.get(answer.outcome):
            await note_what_is_done(lock, person, f"{did} run {owner.run}")
    return owner.run, answer
