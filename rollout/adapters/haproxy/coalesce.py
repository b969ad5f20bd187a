"""A question that many ask at once, put to HAProxy once for all of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class CoalescedQuery(Generic[T]):
    """A question that many ask: how often it was put to HAProxy, and the last reply to it.

    With twenty targets out at once, looks queue up faster than a HAProxy of 1,000 servers
    answers them, and each reply tells of all the servers.

    Attributes:
        puts: How often it was put.
        answered: Which of those ``reply`` answers, counted from 1.
    """

    line: str
    read: Callable[[str], T]
    puts: int = 0
    answered: int = 0
    reply: T = field(init=False)
