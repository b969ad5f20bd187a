"""Real HAProxy, monit and sshd on loopback addresses of this machine, as the current user."""

from examples.fleet.balancer import FleetServerState, LoadBalancer
from examples.fleet.host import Host
from examples.fleet.household import Missing
from examples.fleet.shape import Shape
from examples.fleet.shop import Shop
from examples.fleet.visiting import Failure, Served, Tally, Visit
from examples.fleet.waiting import GaveUp, until
from examples.fleet.whole import Fleet

__all__ = [
    "Failure",
    "Fleet",
    "FleetServerState",
    "GaveUp",
    "Host",
    "LoadBalancer",
    "Missing",
    "Served",
    "Shape",
    "Shop",
    "Tally",
    "Visit",
    "until",
]
