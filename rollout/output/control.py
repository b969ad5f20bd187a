"""What a run answered to a request from another shell, as a sentence and as JSON."""

from rollout.model.control import ControlAnswer, Outcome
from rollout.output.columns import VERSION, as_object


def answer_words(run: str, answer: ControlAnswer) -> str:
    """Say what the run did, what it does first, and what to type next."""
    names = ", ".join(answer.finishing)
    verb = "is" if len(answer.finishing) == 1 else "are"
    by = f" ({answer.by})" if answer.by else ""
    match answer.outcome:
        case Outcome.PAUSED:
            first = f"{names} {verb} finished first; " if names else ""
            return f"run {run} is paused: {first}nothing new is taken out until `rollout continue`"
        case Outcome.PAUSED_ALREADY:
            return f"run {run} is paused already{by}: `rollout continue` goes on"
        case Outcome.CONTINUED:
            return f"run {run} goes on"
        case Outcome.NOT_PAUSED:
            return f"run {run} is not paused: nothing was changed"
        case Outcome.STOPPING:
            first = f": {names} {verb} finished or put back first" if names else ""
            left = "`rollout resume` restarts what is left, if anything is"
            return f"run {run} stops{first}; {left}"
        case Outcome.STOPPING_ALREADY:
            return f"run {run} is stopping already{by}: nothing was changed"
        case Outcome.ENDS_BY_ITSELF:
            return f"run {run} takes nothing out, and ends by itself: nothing was changed"


def answer_json(run: str, answer: ControlAnswer) -> str:
    """Say the same as one JSON object."""
    return as_object(
        {
            "v": VERSION,
            "run": run,
            "outcome": answer.outcome.value,
            "finishing": list(answer.finishing),
            "by": answer.by,
        }
    )
