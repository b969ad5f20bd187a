"""Write a list of host names in the range form that :mod:`rollout.text.hostnames` reads."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from rollout.text.hostnames import expand

_NUMBER = re.compile(r"([0-9]+)")
_LONGEST_NUMBER = 9

Frame = tuple[str, str]
"""What stands before and after the number that differs."""


def natural_order(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts ``web2`` before ``web10``."""
    parts = _NUMBER.split(name)
    return tuple((0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts)


def compact(names: Iterable[str]) -> tuple[str, ...]:
    """Write ``names`` as few patterns as one range each allows, sorted, each name once.

    ``expand`` makes the same names of them: ``web01`` to ``web08`` become ``web[01-08]``.
    """
    left = sorted(dict.fromkeys(names), key=natural_order)
    patterns: list[str] = []
    while left:
        group, pattern = _largest_group(left[0], left)
        patterns.append(pattern)
        left = [name for name in left if name not in group]
    return tuple(patterns)


def _largest_group(first: str, names: Sequence[str]) -> tuple[frozenset[str], str]:
    """Return the names that share a pattern with ``first``, and that pattern."""
    best, pattern = frozenset({first}), first
    for frame in _frames(first):
        numbers = [number for name in names for number in [_number_in(frame, name)] if number]
        width = len(_frame_number(first, frame))
        for kept in (_of_one_width(numbers, width), _without_zeros(numbers)):
            written = f"{frame[0]}[{','.join(_runs(kept))}]{frame[1]}"
            group = frozenset(f"{frame[0]}{number}{frame[1]}" for number in kept)
            if first in group and len(group) > len(best) and _means(written, group):
                best, pattern = group, written
    return best, pattern


def _means(pattern: str, names: frozenset[str]) -> bool:
    try:
        return frozenset(expand(pattern)) == names
    except ValueError:
        return False


def _frames(name: str) -> list[Frame]:
    found = [m for m in _NUMBER.finditer(name) if len(m[0]) <= _LONGEST_NUMBER]
    return [(name[: m.start()], name[m.end() :]) for m in found]


def _frame_number(name: str, frame: Frame) -> str:
    return name[len(frame[0]) : len(name) - len(frame[1])]


def _number_in(frame: Frame, name: str) -> str:
    before, after = frame
    fits = name.startswith(before) and name.endswith(after)
    number = _frame_number(name, frame) if fits and len(name) > len(before) + len(after) else ""
    return number if re.fullmatch(r"[0-9]{1,9}", number) else ""


def _of_one_width(numbers: Iterable[str], width: int) -> list[str]:
    return [number for number in numbers if len(number) == width]


def _without_zeros(numbers: Iterable[str]) -> list[str]:
    return [number for number in numbers if number == "0" or not number.startswith("0")]


def _runs(numbers: Sequence[str]) -> list[str]:
    """Write sorted numbers as ``1-3`` and ``7``."""
    runs: dict[int, list[str]] = defaultdict(list)
    for place, number in enumerate(numbers):
        runs[int(number) - place].append(number)
    return [run[0] if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs.values()]
