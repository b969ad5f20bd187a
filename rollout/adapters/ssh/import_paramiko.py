"""Imports paramiko without the half of it that rollout does not use.

Its config reader imports ``invoke``, for ``Match exec`` alone, inside a ``try``: about 125 of
375 ms.  We read ssh's configuration with ``ssh -G``, so during the import ``invoke`` is shown as
missing.  A paramiko that cannot live without it is simply imported again, with it.
"""

import importlib
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def missing(name: str) -> Iterator[None]:
    """Make ``import name`` fail inside the block; afterwards it works as before."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # Python's own mark for "cannot be imported"
    try:
        yield
    finally:
        del sys.modules[name]


def import_lean(library: str, without: str) -> None:
    """Import ``library`` without ``without``, or with it where it is needed after all."""
    if library in sys.modules:
        return
    try:
        with missing(without):
            importlib.import_module(library)
    except ImportError:
        for name in [n for n in sys.modules if n == library or n.startswith(f"{library}.")]:
            del sys.modules[name]
        importlib.import_module(library)


import_lean("paramiko", without="invoke")

import paramiko  # noqa: E402 - it has to come after the lean import, or it would not be lean

# Paramiko logs every failure with a traceback, and with no logging set up Python prints that on
# stderr; each of those failures reaches the operator as one of our sentences instead.
logging.getLogger("paramiko").addHandler(logging.NullHandler())

__all__ = ["paramiko"]
