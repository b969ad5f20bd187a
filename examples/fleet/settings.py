"""The settings file with which rollout restarts a fleet: every key as in the manual."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from examples.fleet.srv import SHARED

if TYPE_CHECKING:
    from examples.fleet.whole import Fleet

Tables = dict[str, dict[str, object]]


def tables(fleet: "Fleet") -> Tables:
    """Return the settings that fit ``fleet``, by table; the top level has no name."""
    shape = fleet.shape
    found: Tables = {"": {"app": "shop"}}
    for name, balancer in fleet.balancers.items():
        found[f"balancers.{name}"] = {
            **({"ssh": name} if shape.remote_balancers else {}),
            "socket": str(balancer.socket),
            "backends": list(shape.backends),
        }
    found["fleet"] = {"hosts": list(fleet.hosts), "max_out": 1, "floor": 1}
    if shape.ipv6:  # all hosts share one address, so HAProxy's names must tell them apart
        found["fleet"]["server"] = "{host}" if shape.lines == "host" else "{host}-{port}"
    found["ssh"] = {"config": str(fleet.ssh_config)}
    found["monit"] = {
        "command": "monit",
        "group": shape.group,
        "match": "mongrel_.*",
        "instances": shape.instances,
    }
    found["restart"] = {
        "drain_timeout": "2s",
        "maint_timeout": "10s",
        "startup_delay": "0s",
        "running_timeout": "30s",
        "probe": "http://{host}:{port}/up",
        "stable": "1s",
    }
    found["lock"] = {"directory": str(fleet.directory / "lock")}
    if shape.deploys:
        found["deploy"] = {
            "to": str(fleet.directory / "srv"),
            "repo": str(fleet.shop.directory),
            "ref": "main",
            "shared": list(SHARED),
        }
        found["deploy.build"] = {"stylesheets": "bin/stylesheets"}
    return found


def changed(found: Tables, wishes: Mapping[str, object]) -> Tables:
    """Return ``found`` with ``wishes``: ``{"fleet.max_out": 2}``; None takes a key away."""
    result = {name: dict(table) for name, table in found.items()}
    for dotted, value in wishes.items():
        table, _, key = dotted.rpartition(".")
        keys = result.setdefault(table, {})
        if value is None:
            keys.pop(key, None)
        else:
            keys[key] = value
    return result


def as_toml(found: Tables) -> str:
    parts = []
    for name, table in found.items():
        lines = [f"{key} = {literal(value)}" for key, value in table.items()]
        parts.append("\n".join(([f"[{name}]"] if name else []) + lines))
    return "\n\n".join(parts) + "\n"


def literal(value: object) -> str:
    """Return ``value`` as TOML writes it."""
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case list() | tuple():
            return "[" + ", ".join(map(literal, value)) + "]"
        case _:
            escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"'
