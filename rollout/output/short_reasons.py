"""Reasons of waits in the few words that a row of the live screen has room for.

The lines of the log and the journal have them in full.
"""

import re
from collections.abc import Iterable

NOT_OPEN = re.compile(r"\S+: nothing listens on \S+:(?P<port>\d+)")
CHECKS = re.compile(
    r"(?:HAProxy checks )?\S+@(?P<balancer>\S+?)(?::| is) (?P<state>[A-Z]+ \d+/\d+)"
)
PENDING = re.compile(r"(?P<name>\S+): (?:OK, )?restart pending")
NO_PROCESS = re.compile(r"(?P<name>\S+) is \"[^\"]*restart pending\", but has no process")
SOME = 2


def short_reason(reason: str) -> str:
    """Say ``reason`` in fewer words; one of an unknown form is returned as it is."""
    parts = reason.split("; ")
    ports = [one["port"] for part in parts if (one := NOT_OPEN.fullmatch(part))]
    if len(ports) == len(parts):
        return f"port{'s' if len(ports) > 1 else ''} {', '.join(ports)} not open yet"
    checks = [one for part in parts if (one := CHECKS.fullmatch(part))]
    if len(checks) == len(parts) and len({one["state"] for one in checks}) == 1:
        where = ", ".join(one["balancer"] for one in checks[:SOME])
        return f"HAProxy checks it on {where}: {checks[0]['state']}"
    for form, words in ((PENDING, "restart pending"), (NO_PROCESS, "restart pending, no process")):
        names = [one["name"] for part in parts if (one := form.fullmatch(part))]
        if len(names) == len(parts):
            return f"{words} ({_instances(names)})"
    return reason


def _instances(names: Iterable[str]) -> str:
    first, *others = names
    return f"{1 + len(others)} instances" if others else first
