"""One server line: its row of ``show stat`` and its row of ``show servers state``, joined.

The state table has what the figures hide (``DOWN`` covers up a drain) and keeps IPv6 addresses and
ports in columns of their own; the figures have the sessions and the word for the status.
"""

from collections.abc import Mapping
from enum import IntFlag
from functools import cache

from rollout.adapters.haproxy.server_status import known
from rollout.model.errors import BalancerError
from rollout.model.fleet import Admin, OperationalState, Server, ServerState

Row = Mapping[str, str]

FIGURES = frozenset(
    ("pxname", "svname", "status", "scur", "qcur", "stot", "bck", "tracked", "throttle")
)
"""The columns of ``show stat`` that a server line is read from."""


class CheckFlags(IntFlag):
    """``srv_check_state`` and ``srv_agent_state``: both bits set: configured, and enabled.

    Measured on 2.6 and 2.8: 6 while it runs, 2 after ``disable health`` (18 for an agent), 14 in
    maint.
    """

    CONFIGURED = 2
    ENABLED = 4
    RUNS = CONFIGURED | ENABLED


def server_state(server: Server, figures: Row, state: Row) -> ServerState:
    """Join the two rows of ``server``.

    Raises:
        BalancerError: the status is none that we know.
        KeyError, ValueError: a column is missing or is no number.
    """
    status = figures["status"]
    if not known(status):
        raise BalancerError(
            server.balancer,
            f"HAProxy calls {server.backend}/{server.name} {status!r}, a status unknown to us",
            "look with `show stat`; nothing is assumed about a server with an unknown status",
        )
    return ServerState(
        server=server,
        address="" if state["srv_addr"] == "-" else state["srv_addr"],
        port=int(state["srv_port"]),
        status=status,
        admin=Admin(int(state["srv_admin_state"])),
        operation=OperationalState(int(state["srv_op_state"])),
        sessions=int(figures["scur"] or 0),
        queued=int(figures["qcur"] or 0),
        sessions_total=int(figures["stot"] or 0),
        weight=int(state["srv_uweight"]),
        initial_weight=int(state["srv_iweight"]),
        backup=figures["bck"] == "1",
        checked=_runs(state["srv_check_state"]),
        agent=_runs(state["srv_agent_state"]),
        tracks=figures["tracked"],
        throttle=int(figures["throttle"]) if figures["throttle"] else None,
    )


@cache
def _runs(bits: str) -> bool:
    return CheckFlags.RUNS in CheckFlags(int(bits))
