"""An instance that is a shell around its server, as with npm or ``sh -c 'app & wait'``."""

import os
import sys
import urllib.request
from contextlib import suppress

from examples.fleet import Fleet, until
from examples.fleet.host import Host
from examples.fleet.programs import write_program

AROUND = "{server} & wait; sleep 300"
"""Monit's stop ends the shell alone: the server, its child, lives on."""

BESIDE = "setsid sleep 300 & exec {server}"
"""Monit's stop ends the server; a helper that it started lives on."""

START = """\
#!/bin/sh
www={directory}/"$1"/www
mkdir -p "$www" && echo fine >"$www"/up && cd -P {directory}/srv/current || exit 1
setsid sh -c 'echo $$ >{directory}/mongrel_{port}/pid; {body}' </dev/null >/dev/null 2>&1 &
"""


def answers(host: Host, port: int) -> bool:
    where = f"http://{host.place.address}:{port}/up"
    with suppress(OSError), urllib.request.urlopen(where, timeout=1) as reply:
        return bool(reply.read() == b"fine\n")
    return False


def wrap(fleet: Fleet, host: Host, body: str = AROUND) -> None:
    """Let the one instance of ``host`` be a shell that runs ``body``, from now on."""
    (name,) = host.instances
    port, www = host.ports[name], host.directory / name / "www"
    python = os.path.realpath(sys.executable)
    server = f"{python} -m http.server --bind {host.place.address} --directory {www} {port}"
    words = {"directory": host.directory, "port": port, "body": body.format(server=server)}
    write_program(host.directory / "bin" / "start", START.format(**words))
    host.kill_instance(name)
    until(lambda: answers(host, port), "the wrapped server answers", 20)
    host.until_watched(20)
    for balancer in fleet.balancers.values():
        until(balancer.all_up, f"{balancer.name} calls all servers up", 20)
