"""Host names by range (``web[01-08]``) and by glob (``web*``), and choosing among them.

A name that is not known stops everything: a typo in ``--exclude`` would otherwise restart the very
host that was to be spared.
"""

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from itertools import product

from rollout.model.errors import SettingsError
from rollout.text.suggest import did_you_mean

MOST = 10_000
"""So many names from one range are a typo, not a fleet."""

_NAME = re.compile(r"[A-Za-z0-9_.:][A-Za-z0-9_.:-]*")
_NAME_OR_GLOB = re.compile(r"[A-Za-z0-9_.:*?][A-Za-z0-9_.:*?-]*")


def split_names(text: str) -> list[str]:
    """Split at commas, but not at those inside a range: ``web[1,3],db1`` is two."""
    return [part.strip() for part in re.split(r",(?![^\[]*\])", text) if part.strip()]


def expand(pattern: str) -> tuple[str, ...]:
    """Turn one name with ranges into names, in order: ``web[1-3,7]`` is four.

    Leading zeros are kept: ``[01-08]`` gives ``01``.  A pattern without brackets is itself.

    Raises:
        ValueError: a range cannot be read, or what comes out cannot be a host's name.
    """
    return _expand(pattern, _NAME)


def select(
    hosts: Sequence[str], *, only: Sequence[str] = (), without: Sequence[str] = ()
) -> tuple[str, ...]:
    """Choose among ``hosts``: those named in ``only`` (in that order), less ``without``.

    Both may hold ranges and globs, several to an item with commas.  Repeated names count once.

    Raises:
        SettingsError: a name is not one of ``hosts``, with the nearest that are; or none is left.
    """
    problems: list[str] = []
    wanted = _matching("--hosts", hosts, only, problems) if only else list(hosts)
    spared = _matching("--exclude", hosts, without, problems)
    if problems:
        raise SettingsError(problems)
    left = tuple(host for host in dict.fromkeys(wanted) if host not in spared)
    if not left:
        said = (
            "--hosts and --exclude" if only and without else "--exclude" if without else "--hosts"
        )
        raise SettingsError([f"{said}: no host is left"])
    return left


def _matching(
    flag: str, hosts: Sequence[str], said: Sequence[str], problems: list[str]
) -> list[str]:
    found: list[str] = []
    for pattern in (name for item in said for name in split_names(item)):
        try:
            names = _expand(pattern, _NAME_OR_GLOB)
        except ValueError as error:
            problems.append(f"{flag}: {error}")
            continue
        for name in names:
            these = [host for host in hosts if fnmatchcase(host, name)]
            found += these
            if not these:
                problems.append(_unknown(flag, name, hosts))
    if said and not found and not problems:
        problems.append(f"{flag}: no host is named")
    return found


def _unknown(flag: str, name: str, hosts: Sequence[str]) -> str:
    if "*" in name or "?" in name:
        return f"{flag}: no host of the fleet matches {name!r}"
    near = did_you_mean(name, hosts, most=3)
    return f"{flag}: {name!r} is not a host of the fleet{near}"


def _expand(pattern: str, shape: re.Pattern[str]) -> tuple[str, ...]:
    pieces = re.split(r"(\[[^\[\]]*\])", pattern)
    choices = [_range(piece, pattern) if piece[:1] == "[" else [piece] for piece in pieces]
    total = 1
    for some in choices:
        total *= len(some)
    if total > MOST:
        raise ValueError(f"{pattern!r} is {total} hosts; more than {MOST} must be a typo")
    names = tuple("".join(chosen) for chosen in product(*choices))
    for name in names:
        if not shape.fullmatch(name):
            raise ValueError(_not_a_name(name))
    return names


def _not_a_name(name: str) -> str:
    if "@" in name:
        return f"{name!r} is not a host name (the user goes into [ssh] user)"
    return f"{name!r} is not a host name"


def _range(piece: str, pattern: str) -> list[str]:
    numbers: list[str] = []
    for part in piece[1:-1].split(","):
        found = re.fullmatch(r"\s*([0-9]{1,9})(?:-([0-9]{1,9}))?\s*", part)
        if found is None:
            raise ValueError(
                f"{pattern!r}: {piece} is not a range: write it like [01-08] or [1-3,7]"
            )
        first, last = found[1], found[2] or found[1]
        if int(last) < int(first) or len(last) < len(first):
            raise ValueError(f"{pattern!r}: {first}-{last} runs backwards or changes its width")
        if int(last) - int(first) >= MOST:
            raise ValueError(f"{pattern!r}: more than {MOST} hosts must be a typo")
        width = len(first) if first.startswith("0") else 1
        numbers += [f"{number:0{width}}" for number in range(int(first), int(last) + 1)]
    return numbers
