"""Amounts of data as people write them (``10GiB``, ``500MB``), and as bytes."""

import re

_UNITS: dict[str, int] = {
    "B": 1,
    **{f"{letter}B": 1000**power for power, letter in enumerate("KMGT", 1)},
    **{f"{letter}iB": 1024**power for power, letter in enumerate("KMGT", 1)},
}
_WRITTEN = re.compile(r"([0-9]{1,12}) ?([A-Za-z]+)")


def parse_size(text: str) -> int:
    """Read an amount of data; the answer is in bytes.

    Raises:
        ValueError: it is not one; a bare number is refused, because 10 what?
    """
    found = _WRITTEN.fullmatch(text.strip())
    units = {unit.lower(): amount for unit, amount in _UNITS.items()}
    if found is None or found[2].lower() not in units:
        raise ValueError(f'{text!r} is not a size: write it like "10GiB", "500MB" or "4096B"')
    return int(found[1]) * units[found[2].lower()]


def spell_size(size: int) -> str:
    """Write ``size`` so that :func:`parse_size` reads the same."""
    fitting = [unit for unit, amount in _UNITS.items() if size and size % amount == 0]
    unit = max(fitting or ["B"], key=lambda unit: _UNITS[unit])
    return f"{size // _UNITS[unit]}{unit}"


def spell_bytes(count: int) -> str:
    """Write an amount as a person reads it: ``412 MB``."""
    value = float(count)
    for unit in ("B", "kB", "MB"):
        if value < 1000:  # noqa: PLR2004 - a thousand make the next unit
            return f"{value:.0f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"
