"""Lengths of time as people read them, rounded to the nearest second."""


def in_words(seconds: float) -> str:
    """Spell a length of time for a sentence: ``4s``, ``1m12s``, ``2h03m``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02}m"
    return f"{minutes}m{rest:02}s" if minutes else f"{rest}s"


def age(seconds: float) -> str:
    """Spell an age in its two greatest units: ``4s``, ``1m12s``, ``2h03m``, ``3d04h``."""
    days, rest = divmod(round(max(0.0, seconds)), 86_400)
    return f"{days}d{rest // 3600:02}h" if days else in_words(rest)
