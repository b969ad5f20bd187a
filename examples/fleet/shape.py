"""What a fleet looks like: how many of what, and how HAProxy is told to treat them."""

import os
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The wishes of one fleet.  The defaults are the fleet of the demo.

    Attributes:
        hosts: ``web1`` to ``webN``, each with its own sshd and monit.
        instances: App servers of each host, ``mongrel_8000`` and up.
        balancers: ``lb1`` to ``lbM``, each a HAProxy with its own frontend and admin socket.
        boot: Seconds that an instance takes before it listens.
        lines: One server line for each host (its instances share a port) or for each instance.
        redispatch: ``option redispatch``.
        retries: ``retries``.
        backends: The first is the default; the others answer below ``/NAME/``.
        checks: ``inter``, ``rise`` and ``fall``; empty for servers without health checks.
        slowstart: Ramp of a returning server, such as ``"5s"``; empty for none.
        weights: Of the hosts, in order; empty for HAProxy's default of 1.
        agent: Servers have an agent check; see ``Host.agent_says``.
        backup: Every backend has a backup server, ``spare``.
        backend_lines: Further lines of every backend.
        server_words: Further words of every server line.
        remote_balancers: Balancers are reached by ssh, so each has an sshd too.
        ipv6: Hosts live on ``::1``, each with ports of its own.
        group: The group of the instances in monit.
        monit_cycle: ``set daemon``, seconds.
        start_timeout: Seconds monit waits for the pid file of a started instance.
        stop_timeout: Seconds monit waits for an instance to end.
        haproxy: The program; a name is looked up.  Default: FLEET_HAPROXY of the environment.
        deploys: Releases come from a repository, see ``Fleet.shop``; otherwise they are empty.
    """

    hosts: int = 3
    instances: int = 2
    balancers: int = 1
    boot: float = 3.0
    lines: Literal["host", "instance"] = "host"
    redispatch: bool = True
    retries: int = 3
    backends: tuple[str, ...] = ("app",)
    checks: str = "inter 1s rise 2 fall 2"
    slowstart: str = ""
    weights: tuple[int, ...] = ()
    agent: bool = False
    backup: bool = False
    backend_lines: tuple[str, ...] = ()
    server_words: str = ""
    remote_balancers: bool = False
    ipv6: bool = False
    group: str = "app"
    monit_cycle: int = 1
    start_timeout: int = 30
    stop_timeout: int = 10
    haproxy: str = field(default_factory=lambda: os.environ.get("FLEET_HAPROXY") or "haproxy")
    deploys: bool = False
