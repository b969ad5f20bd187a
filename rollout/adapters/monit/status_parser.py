"""Reading ``monit status``, the only output of monit that is never cut short.

The table of ``monit summary`` truncates names and states from 5.18 on, so it is not read at all.
Source: what monit itself printed, by version, in tests/captures/monit.
"""

import re
from dataclasses import dataclass

from rollout.model.errors import SupervisorError

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
HEADING = re.compile(r"(?P<kind>[A-Z][A-Za-z ]*?) '(?P<name>.+)'\s*")
# Exactly two spaces: the output of a `check program` is continued with 31 of them, and must
# not be able to pass for a line of monit's own.
FIELD = re.compile(r"  (?P<key>status|monitoring status|pid) {2,}(?P<value>\S.*?)\s*")
PENDING = re.compile(r"(?P<status>.*?) - (?P<action>\w+) pending")
VERSION = re.compile(r"monit version (\d+)\.(\d+)(?:\.(\d+))?", re.IGNORECASE)
QUOTED_AT_MOST = 100

Version = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceBlock:
    """One block of ``monit status``.

    Attributes:
        kind: ``Process``, ``System``, ``File``, ``Program``, ``Remote Host``, …
        name: The service's name, never cut.
        status: Monit's status without the pending mark (``OK``, ``Running``, ``running``, …).
        pending: The action monit still has to do (``restart``, …), or empty.
        monitoring: Monit's own word (``Monitored``, ``Not monitored``, ``Initializing``,
            ``Waiting``), in the spelling of the version.
        pid: None unless monit printed one; versions before 5.18 print 0 or -1 for "not known".
    """

    kind: str
    name: str
    status: str
    pending: str
    monitoring: str
    pid: int | None

    @property
    def monitored(self) -> bool:
        """Monit watches it.  ``Waiting`` is watched too: its ``every`` skips this cycle."""
        return self.monitoring.lower() in {"monitored", "initializing", "waiting"}


def parse_status(text: str, host: str = "monit") -> tuple[ServiceBlock, ...]:
    """Read ``monit status``: one block per service of any kind, in print order.

    Lines that belong to no block (the chatter of a first run, the headline) are skipped.

    Raises:
        SupervisorError: no block could be read, or two blocks claim one name; the first line
            of ``text`` is quoted.
    """
    drafts: list[tuple[str, str, dict[str, str]]] = []
    for line in COLOUR.sub("", text).splitlines():
        if heading := HEADING.fullmatch(line):
            drafts.append((heading["kind"], heading["name"], {}))
        elif drafts and (field := FIELD.fullmatch(line)):
            drafts[-1][2].setdefault(field["key"], field["value"])
    blocks = tuple(_block(kind, name, fields) for kind, name, fields in drafts)
    if not blocks:
        raise SupervisorError(host, f"no service in what monit said: {first_line(text)}")
    if len({block.name for block in blocks}) < len(blocks):
        raise SupervisorError(host, f"monit names a service twice: {first_line(text)}")
    return blocks


def _block(kind: str, name: str, fields: dict[str, str]) -> ServiceBlock:
    status, pending = fields.get("status", ""), ""
    if marked := PENDING.fullmatch(status):
        status, pending = marked["status"], marked["action"]
    pid = fields.get("pid", "")
    return ServiceBlock(
        kind=kind,
        name=name,
        status=status,
        pending=pending,
        monitoring=fields.get("monitoring status", ""),
        pid=int(pid) if pid.isdecimal() and int(pid) > 0 else None,
    )


def parse_version(text: str, host: str = "monit") -> Version:
    """Read ``monit -V``; a missing last part is 0.

    Raises:
        SupervisorError: there is no version in ``text``.
    """
    if found := VERSION.search(text):
        major, minor, patch = found.groups(default="0")
        return int(major), int(minor), int(patch)
    raise SupervisorError(host, f"monit does not tell its version: {first_line(text)}")


def port_of(name: str) -> int:
    """Guess the port from the digits that end a service's name; 0 when they make none.

    Three digits at least: ``mongrel_8000`` says a port, ``puma_1`` says a number.
    """
    digits = re.search(r"(?<!\d)[1-9]\d{2,4}$", name)
    port = int(digits[0]) if digits else 0
    return port if port <= 65535 else 0  # noqa: PLR2004 - the largest port there is


def plain(text: str) -> str:
    """Return ``text`` without colours."""
    return COLOUR.sub("", text)


def quoted(line: str) -> str:
    """Cut ``line`` so that it is short enough to be quoted in a sentence."""
    return line[:QUOTED_AT_MOST]


def first_line(text: str) -> str:
    """Return the first line that says anything, short enough to be quoted in a sentence."""
    lines = (line.strip() for line in plain(text).splitlines())
    return next((quoted(line) for line in lines if line), "nothing at all")
