"""The words HAProxy has for a server's status; any other word is an error, never "down"."""

import re
from functools import lru_cache

STATUSES = (
    r"UP",
    r"UP -?\d+/\d+",
    r"DOWN",
    r"DOWN \d+/\d+",
    r"DOWN \(agent\)",
    r"DRAIN",
    r"DRAIN \d+/\d+",
    r"DRAIN \(agent\)",
    r"NOLB",
    r"NOLB \d+/\d+",
    r"MAINT",
    r"MAINT \(via [^/]+/.+\)",
    r"MAINT \(resolution\)",
    r"no check",
)
"""Source: printed by HAProxy 2.6, 2.8 and 3.4; ``NOLB`` from its source (``srv_hlt_st``).

``UP -1/3`` is a server that was added at run time, from ``enable health`` to its first check (2.6).
"""

_ANY = re.compile("|".join(f"(?:{spelling})" for spelling in STATUSES))


@lru_cache  # a thousand servers have a handful of statuses between them
def known(status: str) -> bool:
    """Whether ``status`` is, to the letter, one that we know the meaning of."""
    return _ANY.fullmatch(status) is not None
