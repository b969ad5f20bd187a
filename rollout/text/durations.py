"""Durations as people write them (``90s``, ``2m``, ``1h30m``, ``500ms``), and as seconds."""

import re

_NUMBER = r"([0-9]{1,9}(?:\.[0-9]{1,3})?)"
_WRITTEN = re.compile(
    rf"(?:{_NUMBER}d)?(?:{_NUMBER}h)?(?:{_NUMBER}m(?!s))?(?:{_NUMBER}s)?(?:{_NUMBER}ms)?"
)
_SECONDS = (86_400.0, 3_600.0, 60.0, 1.0, 0.001)


def parse_duration(text: str) -> float:
    """Read a duration, largest unit first; the answer is in seconds.

    Raises:
        ValueError: it is not one; a bare number is refused, because 70 what?
    """
    text = text.strip()
    if re.fullmatch(_NUMBER, text):
        raise ValueError(f'{text} has no unit: write "{text}s" for seconds, "{text}m" for minutes')
    found = _WRITTEN.fullmatch(text)
    if not text or found is None:
        raise ValueError(
            f'{text!r} is not a duration: write it like "90s", "2m", "1h30m" or "500ms"'
        )
    return sum(
        float(amount) * unit
        for amount, unit in zip(found.groups(), _SECONDS, strict=True)
        if amount is not None
    )


def spell_duration(seconds: float) -> str:
    """Write ``seconds`` so that :func:`parse_duration` reads the same, to the millisecond."""
    minutes, milliseconds = divmod(round(seconds * 1000), 60_000)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{hours}h"] if hours else []
    parts += [f"{minutes}m"] if minutes else []
    if milliseconds >= 1000:  # noqa: PLR2004 - a thousand milliseconds are a second
        parts.append(f"{milliseconds / 1000:g}s")
    elif milliseconds:
        parts.append(f"{milliseconds}ms")
    return "".join(parts) or "0s"
