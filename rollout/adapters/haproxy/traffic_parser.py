"""Reads what HAProxy has counted: the reply to ``show info;show stat -1 TYPES -1``."""

import csv
from collections.abc import Collection, Iterator, Mapping

from rollout.adapters.haproxy.reply_parser import UnparsableReply, age_of, info_of, process_of
from rollout.adapters.haproxy.server_row import Row
from rollout.model.fleet import Server
from rollout.model.traffic import BackendTraffic, TrafficCounters, TrafficReading

COLUMNS: Mapping[str, str] = {
    "requests": "req_tot",
    "responses_5xx": "hrsp_5xx",
    "connect_errors": "econ",
    "response_errors": "eresp",
    "retries": "wretr",
    "redispatches": "wredis",
    "client_aborts": "cli_abrt",
    "server_aborts": "srv_abrt",
}
"""The column of each counter; one that a version or a mode does not have counts nothing."""


def read_traffic(balancer: str, backends: Collection[str], text: str) -> TrafficReading:
    """Read the counters of ``backends``; none named means all.

    Raises:
        UnparsableReply: a part is missing or torn.
    """
    info = info_of(text)
    if "Pid" not in info:
        raise UnparsableReply("`show info` was not answered")
    found: dict[str, BackendTraffic] = {}
    servers: dict[Server, TrafficCounters] = {}
    try:
        handled = _handled(info)
        for row in _rows(text):
            if backends and row["pxname"] not in backends:
                continue
            if row["svname"] == "BACKEND":
                found[row["pxname"]] = _backend(row)
            elif row["svname"] != "FRONTEND":
                servers[Server(balancer, row["pxname"], row["svname"])] = _counters(row)
    except (KeyError, ValueError, csv.Error) as error:
        raise UnparsableReply(f"`show stat` cannot be read: {error!r}") from error
    return TrafficReading(
        balancer=balancer,
        process=process_of(info),
        age=age_of(info),
        handled=handled,
        backends=found,
        servers=servers,
    )


def _rows(text: str) -> Iterator[Row]:
    """Yield the rows of ``show stat``; a blank line ends them.

    Raises:
        ValueError: there are none, or the end is missing: HAProxy died while it answered.
    """
    lines = iter(text.split("\n"))
    header = next((line for line in lines if line.startswith("# pxname,")), "")
    columns = header.removeprefix("# ").rstrip(",").split(",")
    for cells in csv.reader(lines, strict=True):
        if not cells:
            return
        if len(cells) < len(columns):
            raise ValueError(f"a row has {len(cells)} cells for {len(columns)} columns")
        yield dict(zip(columns, cells, strict=False))
    raise ValueError("its end is missing")


def _backend(row: Row) -> BackendTraffic:
    return BackendTraffic(
        counters=_counters(row),
        sessions=int(row["scur"] or 0),
        queued=int(row["qcur"] or 0),
        queue_max=int(row["qmax"] or 0),
        serving=int(row["act"] or 0),
    )


def _handled(info: Mapping[str, str]) -> float:
    """Return how many requests and connections the process has seen: CLI and checks are some."""
    said = [float(info[name]) for name in ("CumReq", "CumConns") if name in info]
    return max(said, default=float("inf"))


def _counters(row: Row) -> TrafficCounters:
    counted = {name: int(row.get(column) or 0) for name, column in COLUMNS.items()}
    if not row.get("req_tot"):  # in TCP mode there are sessions, and no requests
        counted["requests"] = int(row["stot"] or 0)
    return TrafficCounters(**counted)
