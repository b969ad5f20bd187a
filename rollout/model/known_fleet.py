"""What the settings know of the fleet, against which the record of another run is held."""

import re
from dataclasses import dataclass

from rollout.model.fleet import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFleet:
    """The names that the record of another run may hold.

    Attributes:
        hosts: The hosts of the fleet.
        balancers: The load balancers, by name.
        match: The pattern of the names of instances.
        match_setting: The setting that has it.
    """

    hosts: frozenset[str]
    balancers: frozenset[str]
    match: str = ".*"
    match_setting: str = "match"

    def objection(self, target: Target) -> str:
        """Say what of ``target`` the settings do not know; empty where they know all of it."""
        if target.host not in self.hosts:
            return f"the settings know no host {target.host}"
        for server in target.servers:
            if server.balancer not in self.balancers:
                return f"the settings know no load balancer {server.balancer}"
        for one in target.instances:
            if not re.fullmatch(self.match, one.name):
                return f"{self.match_setting} does not match {one.name}"
        return ""
