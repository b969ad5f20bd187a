"""Somebody who holds a lock, and something that they took out: the nouns of a run that died."""

from dataclasses import replace

from rollout.model.fleet import (
    Admin,
    AdminState,
    BalancerSnapshot,
    HaproxyProcess,
    Instance,
    OperationalState,
    ProcessIdentity,
    Server,
    ServerState,
    Target,
)
from rollout.model.lock_state import Kind, LockOwner, Process
from rollout.model.ownership import OwnedTarget, ServerSnapshot

ALICE = LockOwner(
    run="a11ce0",
    kind=Kind.RUN,
    user="alice",
    process=Process(
        host="bastion", machine="c0ffee", boot="b007", namespace="pid:[1]", pid=4711, started=99
    ),
    since="2026-11-22T19:37:02Z",
    command="rollout restart",
)
BOB = replace(ALICE, run="b0b000", user="bob")
CAROL = replace(ALICE, run="ca401d", user="carol")


def server(host: str = "web1", balancer: str = "lb1") -> Server:
    return Server(balancer, "app", host)


def target(host: str = "web1", balancers: int = 1) -> Target:
    instances = (Instance("mongrel_8000", 8000), Instance("mongrel_8001", 8001))
    servers = tuple(server(host, f"lb{number}") for number in range(1, balancers + 1))
    return Target(host, host, servers, instances, dict.fromkeys(servers, instances))


def owned_target(host: str = "web1", balancers: int = 1, *, asked: bool = False) -> OwnedTarget:
    """A target that was told maint, and asked to restart if so wished."""
    of = target(host, balancers)
    return OwnedTarget(
        target=of,
        found=tuple(ServerSnapshot(one, 100, agent=False) for one in of.servers),
        possible_states=dict.fromkeys(of.servers, (AdminState.MAINT,)),
        asked={one.name: ProcessIdentity(100, 5, "boot") for one in of.instances} if asked else {},
    )


def row(of: Server, admin: Admin = Admin(0), status: str = "UP") -> ServerState:  # noqa: B008 - frozen
    return ServerState(
        server=of,
        address="10.0.0.1",
        port=80,
        status=status,
        admin=admin,
        operation=OperationalState.RUNNING,
        sessions=0,
        queued=0,
        sessions_total=0,
        weight=100,
        initial_weight=100,
        backup=False,
        checked=True,
        agent=False,
        tracks="",
        throttle=None,
    )


def reading(*rows: ServerState, balancer: str = "lb1") -> BalancerSnapshot:
    return BalancerSnapshot(
        balancer=balancer,
        version="2.8",
        process=HaproxyProcess(1, 1),
        servers={one.server: one for one in rows},
    )
