"""How much a release may take."""

from rollout.text.sizes import spell_size

MAX_SIZE = 10 << 30
"""Bytes."""

RAISE_MAX_SIZE = "raise deploy.max_size if it is meant to be so large"


def too_large(name: str, max_size: int) -> str:
    """Say that ``name`` is larger than ``deploy.max_size`` allows."""
    return f"{name} is larger than the {spell_size(max_size)} of deploy.max_size"
