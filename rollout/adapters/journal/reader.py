"""Reads journals: what a run was about, how far it came, and what it still holds."""

import json
import os
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from rollout.adapters.journal.files import FORMAT, JournalFile, names_in
from rollout.adapters.journal.serialization import UNREADABLE, read_holder, read_holding
from rollout.adapters.journal.state_directory import cannot_read, opened
from rollout.model.errors import RecordError
from rollout.model.lock_state import PastDeploy, PastRun, united
from rollout.model.ownership import OwnedTarget

JournalLine = Mapping[str, Any]


class _OtherFormatError(Exception):
    """The journal has another form than :data:`FORMAT`."""


def open_runs(directory: Path, app: str) -> tuple[tuple[JournalFile, PastRun], ...]:
    """Read the runs of ``app`` that have not been closed, the oldest first.

    Raises:
        RecordError: a journal cannot be read.
    """
    names = [name for name in _names(directory, app) if name.marked]
    return tuple((name, past) for name in names if (past := read(name)) is not None)


def newest_run(directory: Path, app: str, *, but: str = "") -> PastRun | None:
    """Read the newest run of ``app``, other than ``but``.

    Raises:
        RecordError: a journal cannot be read.
    """
    runs = (read(name) for name in reversed(_names(directory, app)) if name.run != but)
    return next((past for past in runs if past is not None), None)


def last_run(directory: Path, app: str, *, but: str = "") -> tuple[JournalFile, PastRun] | None:
    """Read the newest run of ``app`` that can be gone on with, other than ``but``.

    It had begun to take servers out, or had put a release in place for them.

    Raises:
        RecordError: a journal cannot be read.
    """
    done: list[str] = []
    renewed: dict[str, tuple[str, ...]] = {}
    taken_back: set[str] = set()
    for name in reversed(_names(directory, app)):
        past = read(name) if name.run != but else None
        if past is None:
            continue
        if past.targets or (past.deploy is not None and past.deploy.in_place):
            done = list(dict.fromkeys((*past.done, *done)))
            renewed = {n: r for n, r in united(past.renewed, renewed).items() if n not in done}
            deploy = past.deploy
            if deploy is not None and deploy.release in taken_back:
                deploy = replace(deploy, gone_back=True)
            return name, replace(past, done=tuple(done), renewed=renewed, deploy=deploy)
        done += past.done  # it saw to what that one had left
        renewed = united(past.renewed, renewed)
        taken_back |= {*past.taken_back}
    return None


def read(name: JournalFile) -> PastRun | None:
    """Read one journal; None where not even its beginning was written.

    A closed one that another version of rollout wrote is passed over as well.

    Raises:
        RecordError: it cannot be read, or is open and of another version.
    """
    try:
        with (
            opened(name.directory) as place,
            os.fdopen(place.open(name.journal.name), "rb") as file,
        ):
            return _folded(str(name.journal), _lines(file))
    except _OtherFormatError:
        if not name.marked:
            return None
        here = " ".join(shlex.quote(str(path)) for path in (name.journal, name.mark))
        raise RecordError(
            f"{name.journal} is open, and another version of rollout wrote it: what its run took "
            "out is not known here",
            f"recover with that version; once nothing is out because of that run: rm {here}",
        ) from None
    except OSError as error:
        raise cannot_read(name.journal, error) from error


def _names(directory: Path, app: str) -> tuple[JournalFile, ...]:
    try:
        return names_in(directory, app)
    except OSError as error:
        raise cannot_read(directory, error) from error


def _lines(raw: Iterable[bytes]) -> Iterator[JournalLine]:
    """Give every whole line; one that a crash or a full disk has torn tells nothing."""
    for row in raw:
        try:
            said = json.loads(row)
        except (ValueError, RecursionError):
            continue
        if isinstance(said, dict):
            yield said


def _folded(file: str, lines: Iterator[JournalLine]) -> PastRun | None:
    past: PastRun | None = None
    owned_targets: dict[str, OwnedTarget] = {}
    for line in lines:
        try:
            if line["event"] == "record.began":
                if line.get("v") != FORMAT:
                    raise _OtherFormatError
                past = _begun(file, line)
            elif past is not None:
                past = _after(past, line, owned_targets)
        except UNREADABLE as error:
            if line.get("event") == "record.held":  # its target must not be forgotten
                raise RecordError(
                    f"{file}: what was taken out cannot be read",
                    "another version of rollout wrote it: use that one to recover",
                ) from error
            continue  # a later version wrote it, or a person
    return None if past is None else replace(past, owned_targets=tuple(owned_targets.values()))


def _begun(file: str, line: JournalLine) -> PastRun:
    return PastRun(
        file=file,
        owner=read_holder(line["owner"]),
        verb=str(line["verb"]),
        hosts=tuple(map(str, line["hosts"])),
        flags=dict(line["flags"]),
        settings=dict(line["settings"]),
        chosen=frozenset(map(str, line["chosen"])) if "chosen" in line else None,
        done=tuple(map(str, line.get("done", ()))),
        renewed={str(k): tuple(map(str, names)) for k, names in line.get("renewed", {}).items()},
    )


def _after(past: PastRun, line: JournalLine, owned_targets: dict[str, OwnedTarget]) -> PastRun:
    match line["event"]:
        case "record.held" | "target.claimed":
            return _taken(past, line, owned_targets)
        case "record.released":
            name = str(line["target"])
            owned_targets.pop(name, None)
            if names := tuple(map(str, line.get("renewed", ()))):
                past = replace(past, renewed=united(past.renewed, {name: names}))
            if line["restarted"]:
                return replace(past, done=tuple(dict.fromkeys((*past.done, name))))
        case "record.answers":
            return replace(past, inherited=True)
        case "record.settled":
            owned_targets.clear()
            return replace(past, settled=str(line["by"]))
        case "rollout.started":
            return replace(past, targets=tuple(dict.fromkeys((*past.targets, *line["targets"]))))
        case "summary":
            return replace(past, exit_code=int(line["exit_code"]))
        case _:
            return _after_of_a_release(past, line)
    return past


def _taken(past: PastRun, line: JournalLine, owned_targets: dict[str, OwnedTarget]) -> PastRun:
    """Enter what is held of a target.

    An older version has not written when it went out: then that is when it told its claim.
    """
    if line["event"] == "target.claimed":
        claimed = owned_targets.get(str(line["target"]))
        if claimed is not None and not claimed.since:
            owned_targets[claimed.target.name] = replace(claimed, since=str(line["at"]))
        return past
    owned_target = read_holding(line["owned_target"])
    name = owned_target.target.name
    if not owned_target.since and name in owned_targets:
        owned_target = replace(owned_target, since=owned_targets[name].since)
    owned_targets[name] = owned_target
    # in case it is taken out once more, on the way back
    return replace(past, done=tuple(done for done in past.done if done != name))


def _after_of_a_release(past: PastRun, line: JournalLine) -> PastRun:
    if line["event"] == "deploy.unproven_taken_back" and past.deploy is None:
        return replace(past, taken_back=(*past.taken_back, str(line["release"])))
    return replace(past, deploy=_deploy_after(past.deploy, line))


def _deploy_after(deploy: PastDeploy | None, line: JournalLine) -> PastDeploy | None:
    if line["event"] == "deploy.started":
        return PastDeploy(
            release=str(line["release"]),
            revision=str(line["revision"]),
            hosts=tuple(line["hosts"]),
            fresh=bool(line["fresh"]),
        )
    if deploy is None:
        return None
    match line["event"]:
        case "current.switching":
            return replace(deploy, switching=True)
        case "deploy.in_place":
            return replace(deploy, in_place=True, before=dict(line["before"]))
        case "deploy.taken_back" | "deploy.unproven_taken_back" | "rollback.started":
            return replace(deploy, gone_back=True)
        case "deploy.finished":
            return replace(deploy, live=True)
        case _:
            return deploy
