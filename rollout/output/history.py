"""Past runs as a table, and for machines."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict

from rollout.history.record import RunOverview
from rollout.output.columns import VERSION, as_object, table
from rollout.output.past_words import CODES, result_words, verb_words
from rollout.output.who_words import person_words
from rollout.summary.exit_codes import exit_name
from rollout.text.elapsed import in_words
from rollout.text.sanitize import sanitize

HEADINGS = ("RUN", "STARTED (UTC)", "WHO", "COMMAND", "HOSTS", "TOOK", "RESULT", "REASON")
SPARED = ("TOOK", "HOSTS")
MINUTES = len("2026-11-28T02:10")


def history_table(runs: Sequence[RunOverview]) -> str:
    """Lay out one line a run."""
    if not runs:
        return "no run is written down here\n"
    rows = [[sanitize(cell) for cell in _row(run)] for run in runs]
    return f"{table(HEADINGS, rows, spared=SPARED)}\n"


def _row(run: RunOverview) -> Sequence[str]:
    return (
        run.run,
        run.began.since[:MINUTES].replace("T", " "),
        person_words(run.began),
        verb_words(run),
        hosts_words(run),
        in_words(run.seconds),
        result_words(run),
        run.began.reason,
    )


def hosts_words(run: RunOverview) -> str:
    """Count what came through and what the run was about; nothing for one that restarts nothing."""
    return "" if run.began.verb == "prune" else f"{run.done}/{run.planned}"


def history_json(runs: Iterable[RunOverview]) -> str:
    """Say the same as one JSON object."""
    return as_object({"v": VERSION, "runs": [overview_fields(run) for run in runs]})


def overview_fields(run: RunOverview) -> dict[str, object]:
    """Spell one run as the fields of a JSON object."""
    code = CODES.get(run.exit_code) if run.exit_code is not None else None
    began = {k: sanitize(v) if isinstance(v, str) else v for k, v in asdict(run.began).items()}
    return {
        "run": run.run,
        **began,
        "recorded": run.is_complete,
        "done": run.done,
        "planned": run.planned,
        "seconds": round(run.seconds, 3),
        "exit_code": run.exit_code,
        "exit": exit_name(code) if code is not None else None,
        "result": sanitize(result_words(run)),
        "alive": run.is_alive,
        "of": run.of,
        "taken_over_by": run.taken_over_by,
    }
