"""What is wrong on a host before a deploy, in words, each with what fixes it."""

import math
import shlex

from rollout.model.releases import DiskRoom
from rollout.text.sudoers import readlink_line

TENTHS_OF_THE_LIVE_ONE = 11
"""So large the next release is taken to be."""

LEAST_KILOBYTES = 1024
LEAST_FILES = 100
"""Where there is no live release to measure."""

UNITS = ("KB", "MB", "GB", "TB")


def finding_of(code: str, one: str, two: str, to: str, user: str) -> tuple[str, str]:
    """Return what is wrong and its fix; nothing where the fact is no trouble."""
    if code == "room":
        return _room(one, two, to)
    if code.startswith("current"):
        return _current(code, one, two, to)
    if code.startswith("shared"):
        return _shared(code, one, to, user)
    match code:
        case "tool":
            name = one.partition(" ")[0]
            return f"{one} is missing", f"install GNU's {name} and let {user} find it in PATH"
        case "notdir":
            return f"{one} is not a directory", f"see what it is: ls -ld {shlex.quote(one)}"
        case "unwritable":
            return _unwritable(one, two, to, user)
        case "blind":
            return (
                f"`{one}` cannot say where a process works: {two or 'it failed'}",
                _readlink_fix(one, user),
            )
        case _:
            return "", ""


def _readlink_fix(command: str, user: str) -> str:
    if command.startswith("sudo "):
        line = readlink_line(user)
        return f"sudo visudo -f /etc/sudoers.d/rollout, and add: {line}; or correct deploy.readlink"
    return "correct deploy.readlink"


def _unwritable(place: str, why: str, to: str, user: str) -> tuple[str, str]:
    inside = f"{place}/".startswith(f"{to}/")
    where = place if inside else f"{to} cannot be made: {place}"
    what = f"{where} is not writable for {user}"
    if "ead-only" in why:  # the rest is EPERM, which says of the question and not of the place
        return f"{what}: {why}", f"see why: findmnt -T {shlex.quote(place)}"
    if inside:
        return what, f"sudo chown {shlex.quote(user)} {shlex.quote(place)}"
    return what, f"sudo install -d -o {shlex.quote(user)} {shlex.quote(to)}"


def _current(code: str, one: str, two: str, to: str) -> tuple[str, str]:
    current = shlex.quote(f"{to}/current")
    if code == "current-directory":
        releases = shlex.quote(f"{to}/releases")
        release = shlex.quote(f"{to}/releases/{one}")
        return (
            f"{to}/current is a directory, not a symlink: it cannot be switched in one step",
            f"mkdir -p {releases} && mv -T {current} {release} && ln -s {release} {current}",
        )
    if code == "current-dangling":
        what = f"{to}/current leads to {one}, which is not there"
        if two:
            return what, f"ln -sfn {shlex.quote(f'{to}/releases/{two}')} {current}"
        return what, f"rm {current}"
    return f"{to}/current is neither a symlink nor a directory", f"see what it is: ls -ld {current}"


def _shared(code: str, path: str, to: str, user: str) -> tuple[str, str]:
    place = f"{to}/shared/{path}"
    look = f"see what it is: ls -ld {shlex.quote(place)}"
    match code:
        case "shared-filled":
            return "", ""
        case "shared-missing":
            return (
                f"shared/{path} is missing",
                f"put it there once, as {place}, or take it out of deploy.shared_files",
            )
        case "shared-not-file":
            return f"shared/{path} is a directory and should be a file", look
        case "shared-not-directory":
            return f"shared/{path} is not a directory", look
        case _:
            return f"shared/{path} is not readable for {user}", look


def _room(free: str, sizes: str, to: str) -> tuple[str, str]:
    """Compare what is free with what the live release takes, and what is removed before."""
    kilobytes, nodes = map(_number, free.split(" "))
    live, files, left, left_files = map(_number, sizes.split(" "))
    needs = [
        (kilobytes, left, live, LEAST_KILOBYTES, spell_size),
        (nodes, left_files, files, LEAST_FILES, lambda count: f"{count} inodes"),
    ]
    short = []
    for has, more, one, least, spell in needs:
        need = least if one is None else math.ceil(one * TENTHS_OF_THE_LIVE_ONE / 10)
        if has is not None and has + (more or 0) < need:
            why = "at the least" if one is None else "1.1 times the live one"
            short.append(f"{spell(has + (more or 0))} free, a release takes {spell(need)} ({why})")
    if not short:
        return "", ""
    return f"{to}: {'; '.join(short)}", "make room: `rollout prune`, or see df and what fills it"


def room_of(free: str, sizes: str) -> DiskRoom | None:
    """Read the bytes that are free and needed, from the words of ``examine_room.sh``."""
    has, live, left = (
        _number(text.split(" ")[n]) for text, n in ((free, 0), (sizes, 0), (sizes, 2))
    )
    if has is None:
        return None
    needed = None if live is None else math.ceil(live * TENTHS_OF_THE_LIVE_ONE / 10)
    return DiskRoom(1024 * (has + (left or 0)), None if needed is None else 1024 * needed)


def _number(text: str) -> int | None:
    return int(text) if text.isdigit() else None


def spell_size(kilobytes: int) -> str:
    """Write a size as ``df -h`` does, with at most three digits before the point."""
    size, unit = float(kilobytes), 0
    while size >= 1000 and unit < len(UNITS) - 1:  # noqa: PLR2004
        size, unit = size / 1024, unit + 1
    return f"{size:.3g} {UNITS[unit]}"
