"""The command line that was typed, to be typed once more: the same, or about other hosts.

A message names a command of ours between backticks and without options, such as
```rollout recover```: the code that writes it does not know what was typed.
"""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

T = TypeVar("T")

OURS = re.compile(r"`rollout (?=[a-z])")
"""Where a command of ours begins in a message; one that has its options already is none."""

SELECTING = ("--hosts", "--exclude")
"""What says which hosts a run is about."""


def with_options(value: T, rollout: str) -> T:
    """Return a text, or what holds texts, in which each command of ours carries the options typed.

    Without them it would act on other settings, perhaps of another app.

    Args:
        value: A text, a dataclass, a mapping or a sequence; anything else is returned as it is.
        rollout: The program and the global options that were typed.
    """
    changed: Any = value
    if isinstance(value, str):
        changed = OURS.sub(lambda _: f"`{rollout} ", value) if "`rollout " in value else value
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        old = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        new = {name: with_options(item, rollout) for name, item in old.items()}
        fresh = {name: item for name, item in new.items() if item is not old[name]}
        changed = dataclasses.replace(value, **fresh) if fresh else value
    elif isinstance(value, Mapping):
        kept = {key: with_options(item, rollout) for key, item in value.items()}
        changed = kept if any(kept[key] is not value[key] for key in kept) else value
    elif isinstance(value, list | tuple):
        items = [with_options(item, rollout) for item in value]
        same = all(new is old for new, old in zip(items, value, strict=True))
        changed = value if same else type(value)(items)
    return changed  # type: ignore[no-any-return] # of the kind that it was


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
