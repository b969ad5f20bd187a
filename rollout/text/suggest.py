"""Suggests what was probably meant, in words that can end a sentence."""

from collections.abc import Iterable
from difflib import SequenceMatcher

_LIKE_ENOUGH = 0.6


def nearest(word: str, known: Iterable[str], *, most: int = 1) -> list[str]:
    """Return those of ``known`` that are most like ``word``, the likest first, at most ``most``.

    Equally like ones stay in the order of ``known`` (difflib's own search turns them round, which
    would offer web10 for web09 before web01).
    """
    likeness = {name: SequenceMatcher(None, word, name).ratio() for name in known}
    near = [name for name, like in likeness.items() if like >= _LIKE_ENOUGH]
    return sorted(near, key=lambda name: -likeness[name])[:most]


def did_you_mean(word: str, known: Iterable[str], *, most: int = 1) -> str:
    """Return `` (did you mean 'x'?)`` with at most ``most`` names, or nothing when none is near."""
    near = [repr(name) for name in nearest(word, known, most=most)]
    if not near:
        return ""
    *others, last = near
    return f" (did you mean {', '.join(others) + ' or ' if others else ''}{last}?)"
