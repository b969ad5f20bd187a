"""Reads what a place printed of a lock.  One that is not believed is never free, and never dead."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace

from rollout.adapters.journal.serialization import UNREADABLE, read_holder, read_holdings
from rollout.model.lock_state import Kind, LockOwner, LockState, Process
from rollout.model.ownership import OwnedTarget

RUN = re.compile(r"[0-9a-f]{6,32}")

MOST_RUNS = 500
"""Runs before it that a lock may name: each take-over of a dead run adds one."""


def read_lock(place: str, printed: str) -> LockState | None:
    """Read the rows of the script; None where no lock stands.

    Unknown or impossible content makes the lock unreadable: its kind is ``UNKNOWN`` then, so it is
    neither free nor taken for that of a dead run, and ``unreadable`` says why.
    """
    rows = dict(line.split("\t", 1) for line in printed.splitlines() if "\t" in line)
    if "stands" not in rows:
        return None
    user, _, age, number = (*rows["stands"].split("\t"), "", "", "", "")[:4]
    made = f"made by {user}"
    bare = LockState(
        place=place,
        owner=_unknown(made),
        unreadable=rows.get("odd", "").replace("\t", ": "),
        made_by=user,
        age=float(_number(age)),
        number_there=number,
        own=rows.get("own", "").partition("\t")[0],
    )
    if bare.unreadable:
        return bare
    try:
        return _read(bare, rows)
    except _Impossible as error:
        what = str(error)
    run = rows.get("run", "")
    owner = replace(_unknown(made), run=run if RUN.fullmatch(run) else "")
    return replace(bare, owner=owner, unreadable=what)


class _Impossible(Exception):
    """A sentence about the first thing that cannot be."""


def _read(bare: LockState, rows: Mapping[str, str]) -> LockState:
    owner = _holder(rows)
    number, owned_targets = _owned(rows)
    return replace(
        bare,
        owner=owner,
        before=_before(rows),
        owned_targets=owned_targets,
        number=number,
        heartbeats=_number(rows.get("beats", "")) + number,
        seconds_since_heartbeat=float(_number(rows.get("quiet", ""))),
        ended=rows.get("ended", ""),
        paused=rows.get("paused", ""),
    )


def _holder(rows: Mapping[str, str]) -> LockOwner:
    run = rows.get("run", "")
    if not RUN.fullmatch(run):
        raise _Impossible("its run is no run id")
    try:
        owner = read_holder(json.loads(rows["holder"]))
    except UNREADABLE:
        raise _Impossible("its owner cannot be read") from None
    if owner.kind is Kind.UNKNOWN:
        raise _Impossible("its owner is of a kind that does not exist")
    return replace(owner, run=run)


def _before(rows: Mapping[str, str]) -> tuple[str, ...]:
    runs = tuple(rows.get("before", "").split(" ")) if rows.get("before") else ()
    if len(runs) > MOST_RUNS or not all(map(RUN.fullmatch, runs)):
        raise _Impossible("the runs before it are no list of run ids")
    return runs


def _owned(rows: Mapping[str, str]) -> tuple[int, tuple[OwnedTarget, ...]]:
    try:
        owned = json.loads(rows["owned"])
        return int(owned.get("number", 0)), read_holdings(owned.get("held", []))
    except UNREADABLE:
        raise _Impossible("what it has taken out cannot be read") from None


def read_settled(printed: str) -> dict[str, str]:
    """Read which runs were taken over by which; a line that is no pair of run ids says nothing."""
    pairs = (line.split(" ") for line in printed.splitlines())
    return {
        pair[0]: pair[1]
        for pair in pairs
        if len(pair) == 2 and all(map(RUN.fullmatch, pair))  # noqa: PLR2004 - a run and a run
    }


def _unknown(made: str) -> LockOwner:
    return LockOwner(
        run="",
        kind=Kind.UNKNOWN,
        user="",
        process=Process(host="", machine="", boot="", namespace="", pid=0, started=0),
        since="",
        command=made,
    )


def _number(text: str) -> int:
    try:
        return int(text) if len(text) < 16 else 0  # noqa: PLR2004 - what a count can come to
    except ValueError:
        return 0
