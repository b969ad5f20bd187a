"""Servers and names as a look at an unknown fleet sees them."""

from rollout.model.fleet import Admin, OperationalState, Server, ServerState
from rollout.ports.discovery import HostName, NameSource


def row(
    name: str,
    address: str = "10.0.0.1",
    port: int = 80,
    *,
    backend: str = "app",
    balancer: str = "lb1",
    backup: bool = False,
    status: str = "UP",
) -> ServerState:
    """Return a server that serves, unless ``status`` says otherwise."""
    return ServerState(
        server=Server(balancer, backend, name),
        address=address,
        port=port,
        status=status,
        admin=Admin(0),
        operation=OperationalState.RUNNING,
        sessions=0,
        queued=0,
        sessions_total=0,
        weight=1,
        initial_weight=1,
        backup=backup,
        checked=True,
        agent=False,
        tracks="",
        throttle=None,
    )


def host(
    name: str, *addresses: str, source: NameSource = NameSource.SSH_CONFIG, port: int = 22
) -> HostName:
    """Return a name of ssh's configuration that leads to ``addresses``."""
    return HostName(name=name, source=source, addresses=addresses, port=port)
