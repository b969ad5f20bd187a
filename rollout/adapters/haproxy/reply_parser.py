"""Reading what HAProxy answers: one reply of several parts into one Reading.

Columns are found by the names in the header, for 2.6, 2.8 and 3.4 have different ones.  A blank
line ends a part.  The parts are told apart by their first line, so their order does not matter.
"""

import csv
import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rollout.adapters.haproxy.server_row import FIGURES, Row, server_state
from rollout.model.errors import BalancerError
from rollout.model.fleet import BalancerSnapshot, HaproxyProcess, Server, ServerState

OLDEST_MEASURED = (2, 4)

REPLACED = "\N{REPLACEMENT CHARACTER}"
"""Stands where a byte was no UTF-8."""


GONE = frozenset({"No such proxy.", "Can't find backend."})
"""What HAProxy says of a backend that a reload took out of its file."""


class Overshadowed(Exception):
    """``show stat NAME`` described the frontend of that name, not the backend."""


class UnparsableReply(Exception):
    """The reply does not have the shape it must have; a second way of reading may help."""


@dataclass
class ReplySections:
    """The parts of one reply, before they are joined by backend and server."""

    info: dict[str, str] = field(default_factory=dict)
    figures: dict[tuple[str, str], Row] = field(default_factory=dict)
    states: dict[tuple[str, str], Row] = field(default_factory=dict)


def read_look(
    balancer: str, backends: Collection[str], text: str, *, whole: bool = False
) -> BalancerSnapshot:
    """Read the reply to ``show info;show stat …;show servers state …``.

    Only servers of ``backends`` are kept; none named means all.  A server without figures is of a
    proxy that is ``disabled`` in HAProxy's file: it takes no traffic (measured on 2.6 and 3.0).

    Args:
        balancer: Who was asked.
        backends: Whose servers are kept.
        text: The reply.
        whole: It was asked of all proxies, by no name that a frontend could have as well.

    Raises:
        BalancerError: HAProxy said no (its words are quoted), or used a status we do not know.
        UnparsableReply: a part is missing or torn.
        Overshadowed: the figures of a backend are those of a frontend with its name.
    """
    parts = split(balancer, text)
    if not whole and {place[0] for place in parts.states} - {place[0] for place in parts.figures}:
        raise Overshadowed
    if "Pid" not in parts.info:
        raise UnparsableReply("`show info` was not answered")
    servers = {
        state.server: state
        for state in _joined(balancer, parts)
        if not backends or state.server.backend in backends
    }
    version = parts.info.get("Version", "")
    return BalancerSnapshot(
        balancer=balancer,
        version=version,
        process=process_of(parts.info),
        servers=servers,
        age=age_of(parts.info),
        notes=(*_seniority(version), *(_illegible(parts.figures) if REPLACED in text else ())),
    )


def split(balancer: str, text: str) -> ReplySections:
    """Take the parts of a reply apart.

    Raises:
        BalancerError: a part is an error message of HAProxy's.
        UnparsableReply: a row does not fit its header.
    """
    parts = ReplySections()
    lines = iter(text.split("\n"))
    for line in lines:
        if line.startswith("Name: "):
            parts.info |= dict(_pairs(line, lines))
        elif line.startswith("# pxname,"):
            rows = _figures(line, lines, whole=REPLACED in text)
            parts.figures |= {(r["pxname"], r["svname"]): r for r in rows}
        elif line == "1":  # the version of the table that follows
            parts.states |= {(r["be_name"], r["srv_name"]): r for r in _states(lines)}
        elif line and line not in GONE:
            raise BalancerError(balancer, f"HAProxy said: {line}")
    return parts


def complaints(commands: Sequence[str], text: str) -> tuple[str, ...]:
    """What HAProxy had against ``commands`` of one line: it answers a change with an empty line.

    Each complaint names its command: replies come in the order of the commands.
    """
    found = []
    command = iter(commands)
    words: list[str] = []
    for line in [*text.split("\n"), ""]:
        if line:
            words.append(line)
            continue
        asked = next(command, "")
        if words:
            found.append(f"`{asked}`: {' '.join(words)}")
            words = []
    return tuple(found)


def _pairs(first: str, rest: Iterator[str]) -> Iterator[tuple[str, str]]:
    for line in itertools.chain([first], rest):
        if not line:
            return
        key, _, value = line.partition(":")
        yield key, value.strip()


def _figures(header: str, rest: Iterator[str], *, whole: bool) -> Iterator[Row]:
    """Rows of servers; an agent's words may hold commas, quotes, even line ends.

    Not ``whole``, a row has what the nouns need: to keep all hundred columns of 1,000 servers took
    twice as long as everything else about a look (measured: 17 of 27 ms).
    """
    columns = header.removeprefix("# ").rstrip(",").split(",")
    wanted = [place for place, name in enumerate(columns) if whole or name in FIGURES]
    try:
        for cells in csv.reader(rest, strict=True):
            if not cells:
                return
            row = _row(columns, cells, wanted)
            if row["svname"] not in {"FRONTEND", "BACKEND"}:
                yield row
    except csv.Error as error:
        raise UnparsableReply(f"`show stat` cannot be read: {error}") from error


def _states(rest: Iterator[str]) -> Iterator[Row]:
    columns = next(rest, "").removeprefix("# ").split()
    for line in rest:
        if not line:
            return
        yield _row(columns, line.split(" "), range(len(columns)))


def _row(columns: Sequence[str], cells: Sequence[str], wanted: Iterable[int]) -> Row:
    if len(cells) < len(columns):  # a trailing comma makes one cell more
        raise UnparsableReply(
            f"a row has {len(cells)} cells for {len(columns)} columns: {cells[:2]}"
        )
    return {columns[place]: cells[place] for place in wanted}


def _joined(balancer: str, parts: ReplySections) -> Iterator[ServerState]:
    for (backend, server), figures in parts.figures.items():
        state = parts.states.get((backend, server))
        if state is None:
            raise UnparsableReply(f"`show servers state` has no line for {backend}/{server}")
        try:
            yield server_state(Server(balancer, backend, server), figures, state)
        except (KeyError, ValueError) as error:
            raise UnparsableReply(f"{backend}/{server} cannot be read: {error!r}") from error


def info_of(text: str) -> Mapping[str, str]:
    """Return what ``show info`` answered, among other parts."""
    lines = iter(text.split("\n"))
    return next(
        (dict(_pairs(line, lines)) for line in lines if line.startswith("Name: ")),
        dict[str, str](),
    )


def process_of(info: Mapping[str, str]) -> HaproxyProcess:
    """Name the process that answered.

    Raises:
        UnparsableReply: its pid or its start is no number.
    """
    try:
        return HaproxyProcess(pid=int(info["Pid"]), started=int(info.get("Start_time_sec", "0")))
    except ValueError as error:
        raise UnparsableReply(f"`show info` cannot be read: {error}") from error


def age_of(info: Mapping[str, str]) -> float:
    """Return the seconds since the process started; infinite where HAProxy does not say.

    Raises:
        UnparsableReply: it is no number.
    """
    try:
        return float(info.get("Uptime_sec", "inf"))
    except ValueError as error:
        raise UnparsableReply(f"`show info` cannot be read: {error}") from error


def _seniority(version: str) -> Iterator[str]:
    numbers = version.split("-", maxsplit=1)[0].split(".")[:2]
    if all(n.isdecimal() for n in numbers) and tuple(map(int, numbers)) < OLDEST_MEASURED:
        oldest = ".".join(map(str, OLDEST_MEASURED))
        yield f"HAProxy {version} is older than {oldest}, the oldest that we expect to understand"


def _illegible(figures: Mapping[tuple[str, str], Row]) -> Iterator[str]:
    for (backend, server), row in figures.items():
        for column, cell in row.items():
            if REPLACED in cell:
                yield f"{backend}/{server}: {column} is not UTF-8: {cell}"
