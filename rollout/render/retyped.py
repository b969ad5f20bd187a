"""The command line that was typed, to be typed once more: the same, or about other hosts."""

from collections.abc import Sequence

SELECTING = ("--hosts", "--exclude")
"""What says which hosts a run is about."""


def about(words: Sequence[str], hosts: Sequence[str]) -> tuple[str, ...]:
    """Return ``words`` with ``hosts`` in place of those that were selected."""
    return (*without(words, SELECTING), "--hosts", ",".join(hosts))


def by_host(words: Sequence[str]) -> tuple[str, ...]:
    """Return ``words`` with whole hosts as what is taken out at once."""
    return (*without(words, ("--by",)), "--by", "host")


def leading_to(words: Sequence[str], release: str) -> tuple[str, ...]:
    """Return ``words`` of a rollback with ``release`` in place of the one that was named."""
    return (*without(words, ("--to",)), "--to", release)


def without(words: Sequence[str], flags: Sequence[str]) -> tuple[str, ...]:
    """Return ``words`` without ``flags`` and their values, as ``--flag X`` and ``--flag=X``."""
    kept: list[str] = []
    value_next = False
    for word in words:
        flag, is_one, _ = word.partition("=")
        if not value_next and flag not in flags:
            kept.append(word)
        value_next = not value_next and word in flags and not is_one
    return tuple(kept)
