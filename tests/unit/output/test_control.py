"""What a run answered to another shell, as people and programs read it."""

import json

import pytest

from rollout.events import RolloutContinued, RolloutPaused
from rollout.model.control import ControlAnswer, Outcome
from rollout.output.control import answer_json, answer_words
from rollout.output.plain import words

UNTIL = "nothing new is taken out until `rollout continue`"

ANSWERS = {
    f"run a11ce0 is paused: web2 is finished first; {UNTIL}": (Outcome.PAUSED, ("web2",), ""),
    f"run a11ce0 is paused: web2, web3 are finished first; {UNTIL}": (
        Outcome.PAUSED,
        ("web2", "web3"),
        "",
    ),
    f"run a11ce0 is paused: {UNTIL}": (Outcome.PAUSED, (), ""),
    "run a11ce0 is paused already (bob@b1): `rollout continue` goes on": (
        Outcome.PAUSED_ALREADY,
        ("web2",),
        "bob@b1",
    ),
    "run a11ce0 goes on": (Outcome.CONTINUED, (), "bob@b1"),
    "run a11ce0 is not paused: nothing was changed": (Outcome.NOT_PAUSED, (), ""),
    (
        "run a11ce0 stops: web2 is finished or put back first; "
        "`rollout resume` restarts what is left, if anything is"
    ): (Outcome.STOPPING, ("web2",), ""),
    "run a11ce0 stops; `rollout resume` restarts what is left, if anything is": (
        Outcome.STOPPING,
        (),
        "",
    ),
    "run a11ce0 is stopping already: nothing was changed": (Outcome.STOPPING_ALREADY, (), ""),
    "run a11ce0 takes nothing out, and ends by itself: nothing was changed": (
        Outcome.ENDS_BY_ITSELF,
        (),
        "",
    ),
}


@pytest.mark.parametrize("said", ANSWERS)
def test_an_answer_says_what_the_run_does_and_what_to_type_next(said: str) -> None:
    outcome, finishing, by = ANSWERS[said]
    answer = ControlAnswer(request="ca401d", outcome=outcome, finishing=finishing, by=by)
    assert answer_words("a11ce0", answer) == said
    assert json.loads(answer_json("a11ce0", answer)) == {
        "v": 1,
        "run": "a11ce0",
        "outcome": str(outcome),
        "finishing": list(finishing),
        "by": by,
    }


def test_the_run_says_that_it_is_paused_by_whom_and_how_it_goes_on() -> None:
    assert words(RolloutPaused(by="bob@b1", finishing=("web1", "web2"))) == (
        "paused (bob@b1): web1, web2 are finished first; nothing new is taken out until "
        "`rollout continue`; `rollout abort` ends the run"
    )
    assert words(RolloutContinued(by="bob@b1")) == "goes on (bob@b1)"


def test_at_the_terminal_the_pause_is_a_question_with_its_end() -> None:
    said = words(RolloutPaused(by="pause_after_canary", asks=True, seconds=3600))
    assert said.startswith("paused (pause_after_canary): continue? [y/N]; another shell")
    assert said.endswith("it halts after 1h00m without an answer")
