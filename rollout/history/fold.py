"""Folds the lines of a journal into what its run was, with the same fold as the run itself."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from rollout.events import Event, RunBegan
from rollout.events.parse import parse_event
from rollout.history.record import PastEvent, RunEnd, RunOverview, RunRecord, counts
from rollout.history.turns import Turns
from rollout.summary.run import RunSummary, enter
from rollout.text.timestamps import seconds_between

Line = Mapping[str, Any]

UNREADABLE = (AttributeError, KeyError, OverflowError, TypeError, ValueError)
"""What reading raises where rollout did not write it, or another version did."""


def fold_run(run: str, lines: Iterable[Line]) -> RunRecord | None:
    """Fold all lines of a journal; None where not even its beginning can be read."""
    fold = _Fold(run)
    for line in lines:
        try:
            fold.enter(line)
        except UNREADABLE:
            continue
    return fold.record


def fold_overview(run: str, lines: Iterable[Line]) -> RunOverview | None:
    """Fold the few lines that an overview needs: those of :data:`OVERVIEW` alone.

    None where they do not suffice: the run told no end, or not even its beginning.
    """
    record: RunRecord | None = None
    overview: RunOverview | None = None
    of = taken_over_by = ""
    for line in lines:
        try:
            match line["event"]:
                case "record.began":
                    record = _began(run, line)
                case "run.began" if record is not None:
                    record = _with_event(record, parse_event(line))
                case "run.resumed" | "recovery.started":
                    of = of or _text(line["of"])
                case "record.settled":
                    taken_over_by = _text(line["by"])
                case "summary" if record is not None:
                    overview = _overview(record, line)
                case _:
                    pass
        except UNREADABLE:
            continue
    return overview and replace(overview, of=of, taken_over_by=taken_over_by)


OVERVIEW = (
    "record.began",
    "run.began",
    "run.resumed",
    "recovery.started",
    "record.settled",
    "summary",
)
"""The lines from which an overview is folded."""


def _overview(record: RunRecord, line: Line) -> RunOverview:
    end = _end(line)
    standings = [_text(target["standing"]) for target in line["targets"]]
    done, planned = counts(record.began, standings)
    whole = replace(record, end=end).overview
    return replace(whole, done=done, planned=planned)


class _Fold:
    def __init__(self, run: str) -> None:
        self._run = run
        self._record: RunRecord | None = None
        self._summary = RunSummary()
        self._events: list[PastEvent] = []
        self._turns = Turns()
        self._pids: dict[str, dict[str, int]] = {}

    @property
    def record(self) -> RunRecord | None:
        if self._record is None:
            return None
        return replace(
            self._record,
            events=tuple(self._events),
            summary=self._summary,
            turns=self._turns.by_target,
            pids_before=self._pids,
        )

    def enter(self, line: Line) -> None:
        event = line["event"]
        if event == "record.began":
            self._record = _began(self._run, line)
        elif self._record is None:
            return
        elif event == "record.held":
            self._enter_pids(line["owned_target"])
        elif event == "record.settled":
            self._record = replace(self._record, taken_over_by=_text(line["by"]))
        elif event == "summary":
            self._record = replace(self._record, end=_end(line))
        elif (parsed := parse_event(line)) is not None:
            self._record = _with_event(self._record, parsed)
            self._enter_event(parsed, line)

    def _enter_event(self, event: Event, line: Line) -> None:
        at = _text(line["at"])
        elapsed = line.get("elapsed")
        if not isinstance(elapsed, int | float) or not 0 <= elapsed < FOREVER:
            began = self._events[0].at if self._events else at
            elapsed = seconds_between(began, at) or 0.0
        self._summary = enter(self._summary, event)
        self._turns.enter(event, elapsed, at)
        self._events.append(
            PastEvent(number=len(self._events) + 1, at=at, elapsed=float(elapsed), event=event)
        )

    def _enter_pids(self, held: Line) -> None:
        asked = {
            str(name): int(process["pid"])
            for name, process in held["asked"].items()
            if process is not None
        }
        self._pids.setdefault(_text(held["target"]), {}).update(asked)


FOREVER = 1e9
"""Seconds that no run takes; what a journal says beyond is not believed."""


def _began(run: str, line: Line) -> RunRecord:
    """Read the first line of a journal: of an older version it is all that tells the person."""
    owner = line["owner"]
    began = RunBegan(
        app=_text(line["app"]),
        env="",
        verb=_text(line["verb"]),
        hosts=tuple(map(_text, line["hosts"])),
        command=_text(owner.get("command", "")),
        user=_text(owner["user"]),
        sudo_user=_text(owner.get("sudo_user", "")),
        client=_text(owner.get("client", "")),
        bastion=_text(owner["process"]["host"]),
        since=_text(owner["since"]),
        reason=_text(owner.get("reason", "")),
        version="",
        config="",
    )
    return RunRecord(
        run=run,
        began=began,
        is_complete=False,
        flags=_texts(line.get("flags", {})),
        settings=_texts(line.get("settings", {})),
    )


def _with_event(record: RunRecord, event: Event | None) -> RunRecord:
    if not isinstance(event, RunBegan):
        return record
    return replace(record, began=event, is_complete=True)


def _end(line: Line) -> RunEnd:
    seconds = line["seconds"]
    return RunEnd(
        at=_text(line["at"]),
        exit_code=int(line["exit_code"]),
        seconds=float(seconds) if 0 <= seconds < FOREVER else 0.0,
        sentence=_text(line.get("sentence", "")),
        causes=tuple(map(_text, line.get("why", ()))),
        steps=tuple(_texts(step) for step in line.get("next", ())),
    )


def _text(said: object) -> str:
    if not isinstance(said, str):
        raise TypeError(f"{said!r} is no text")
    return said


def _texts(said: Mapping[str, object]) -> Mapping[str, str]:
    return {name: _text(text) for name, text in said.items()}
