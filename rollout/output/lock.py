"""Output of what a run has left behind and of the lock's owner, as text and JSON."""

import os
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from rollout.model.conditions import admin_state_of
from rollout.model.fleet import BalancerSnapshot
from rollout.model.lock_state import Kind, LockOwner, LockState
from rollout.model.ownership import OwnedTarget
from rollout.model.past_runs import UnfinishedRun, in_doubt, story_of
from rollout.output.columns import VERSION, Row, as_object, columns, table
from rollout.output.terminal import text_columns
from rollout.text.elapsed import in_words
from rollout.text.sanitize import sanitize
from rollout.text.wrap import hang

FREE = "no run and no person holds the lock"
HEADINGS = ("PLACE", "OWNER", "RUN", "SINCE", "OUT BECAUSE OF IT")


def remains_table(left: UnfinishedRun, readings: Mapping[str, BalancerSnapshot]) -> str:
    """Say what became of a run and how each server that it left out is now."""
    head = f"run {sanitize(left.owner.run)} "
    lines = hang(head, sanitize(story_of(left)), text_columns(sys.stdout, os.environ))
    lines += [f"  {left.owner.command}"] if left.owner.command else []
    rows: list[Row] = []
    for owned_target in left.owned_targets:
        states = [
            _server_words(owned_target, readings, number)
            for number in range(len(owned_target.found))
        ]
        rows += [
            (
                owned_target.target.name if n == 0 else "",
                state,
                _what_next(owned_target, readings) if n == 0 else "",
            )
            for n, state in enumerate(states)
        ]
    text = "\n".join(map(sanitize, lines))
    shown = columns([tuple(map(sanitize, row)) for row in rows])
    return f"{text}\n\n{shown}\n" if rows else f"{text}\n"


def _server_words(
    owned_target: OwnedTarget, readings: Mapping[str, BalancerSnapshot], number: int
) -> str:
    server = owned_target.found[number].server
    reading = readings.get(server.balancer)
    row = reading.servers.get(server) if reading else None
    if reading is not None and row is None:
        return f"{server} is gone: HAProxy has no such server any more"
    if row is None:
        return f"{server} cannot be seen now"
    if owned_target.ours(row):
        since = ""
    elif owned_target.is_unproven(row):
        since = ", in rotation without a proof"
    else:
        since = ", changed from outside since"
    return f"{server} is {admin_state_of(row)} ({row.status}){since}"


def _what_next(owned_target: OwnedTarget, readings: Mapping[str, BalancerSnapshot]) -> str:
    rows = (
        readings[s.balancer].servers.get(s)
        for s in owned_target.target.servers
        if s.balancer in readings
    )
    seen = [row for row in rows if row is not None]
    if seen and not any(owned_target.may_be_ours(row) for row in seen):
        return "left as it is: changed from outside"
    if owned_target.asked:
        return "was asked to restart: comes back when it is verified"
    return "was never asked to restart: goes back as it was found"


def left_table(
    left: UnfinishedRun, readings: Mapping[str, BalancerSnapshot], rollout: str = "rollout"
) -> str:
    """Say whose run holds the lock, or is unfinished, and what it has out."""
    if left.certain:
        text = remains_table(left, readings)
        typed = hang("", _to_type(left, rollout), text_columns(sys.stdout, os.environ))
        return "\n".join([text.rstrip(), *typed])
    held = [left.held] if left.held else []
    return lock_table(held).rstrip()


def _to_type(left: UnfinishedRun, rollout: str) -> str:
    """Say what sees to a run that is over, as far as there is something to be seen to."""
    if left.claimed_by and left.owned_targets:
        return in_doubt(rollout)
    said = [f"`{rollout} recover` brings it back"] if left.owned_targets else []
    if left.past is not None and left.past.half_switched:
        said.append(f"`{rollout} recover` takes its release back")
    said.append(f"`{rollout} resume` goes on with the rest")
    return ", ".join(dict.fromkeys(said))


def left_fields(left: UnfinishedRun) -> dict[str, Any]:
    """Spell the same for a JSON object."""
    return {
        "run": left.owner.run,
        "kind": str(left.owner.kind),
        "who": left.owner.who,
        "pid": left.owner.process.pid,
        "since": left.owner.since,
        "command": left.owner.command,
        "reason": left.owner.reason,
        "over": left.certain,
        "paused": left.held.paused if left.held else "",
        "out": [
            {
                "target": owned_target.target.name,
                "asked": bool(owned_target.asked),
                "servers": [str(server) for server in owned_target.target.servers],
            }
            for owned_target in left.owned_targets
        ],
    }


def lock_table(
    held: Sequence[LockState],
    acts: Mapping[str, Sequence[str]] | None = None,
    over: Collection[str] = (),
) -> str:
    """Name the owner of the lock in each place, and what a person did to it last.

    Of the runs in ``over`` it is certain that they have ended.
    """
    by_hand = [f"{place}: last by hand: {said[-1]}" for place, said in (acts or {}).items()]
    if not held:
        return "\n".join(map(sanitize, [FREE, *by_hand])) + "\n"
    rows: list[Row] = []
    lines: list[str] = []
    for one in held:
        out = ", ".join(h.target.name for h in one.owned_targets) or "no server"
        rows.append((one.place, *_owner_words(one.owner), out))
        lines += [f"{one.place}: {said}" for said in _state_words(one, over=one.owner.run in over)]
    shown = table(HEADINGS, [tuple(map(sanitize, row)) for row in rows])
    return "\n".join([shown, "", *map(sanitize, [*lines, *by_hand])]) + "\n"


def _owner_words(owner: LockOwner) -> Row:
    if owner.kind is Kind.UNKNOWN:
        return "a run that cannot be read", owner.run, ""
    return owner.who, owner.run if owner.kind is Kind.RUN else "by hand", owner.since


def _state_words(one: LockState, *, over: bool) -> Iterator[str]:
    """Say what the owner of the lock in one place does, or did last, and why."""
    owner = one.owner
    if one.unreadable:
        yield f"{owner}; {one.unreadable}; last changed {in_words(max(one.age, 0.0))} ago"
        yield "`rollout lock break` takes it"
        return
    if owner.kind is Kind.RUN:
        yield f"pid {owner.process.pid}: {owner.command or 'the command is not known'}"
        ago = in_words(max(one.seconds_since_heartbeat, 0.0))
        if one.ended:
            yield one.ended
        elif over:
            yield f"died: its process is gone; it gave its last sign of life {ago} ago"
        else:
            yield f"gave a sign of life {ago} ago"
            if one.paused:
                yield f"paused ({one.paused}): `rollout continue` goes on"
    if owner.reason or owner.kind is Kind.MANUAL:
        yield f"reason: {owner.reason or 'none given'}"


def lock_json(
    held: Sequence[LockState],
    acts: Mapping[str, Sequence[str]] | None = None,
    over: Collection[str] = (),
) -> str:
    """Say the same as one JSON object."""
    said = {place: list(lines) for place, lines in (acts or {}).items()}
    fields = [{**as_fields(one), "over": one.owner.run in over} for one in held]
    return as_object({"v": VERSION, "held": fields, "acts": said})


def as_fields(held: LockState) -> dict[str, Any]:
    """Spell one holder for a JSON object."""
    owner = held.owner
    return {
        "place": held.place,
        "run": owner.run,
        "kind": str(owner.kind),
        "who": owner.who,
        "pid": owner.process.pid,
        "since": owner.since,
        "command": owner.command,
        "reason": owner.reason,
        "quiet": held.seconds_since_heartbeat,
        "ended": held.ended,
        "paused": held.paused,
        "unreadable": held.unreadable,
        "made_by": held.made_by,
        "out": [owned_target.target.name for owned_target in held.owned_targets],
    }
