"""What HAProxy is told: the configuration file of one balancer."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from examples.fleet.addresses import Place
from examples.fleet.host import Host
from examples.fleet.shape import Shape

START = """\
global
  stats socket {directory}/admin.sock mode 600 level admin expose-fd listeners
  stats socket {directory}/operator.sock mode 600 level operator
  log stdout format raw local0
  maxconn 2000

defaults
  mode http
  log global
  option httplog
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout queue 5s
  timeout http-keep-alive 60s
  {redispatch}
  retries {retries}

frontend www
  bind {bind}
"""

BACKEND = """
backend {name}
  balance roundrobin
  option httpchk GET /up
  http-check expect status 200
  cookie SRV insert indirect nocache
"""


def configuration(
    directory: Path, place: Place, shape: Shape, hosts: Sequence[Host], spare: Place | None
) -> str:
    """Return the file for the balancer whose sockets lie in ``directory``."""
    first, *others = shape.backends
    text = START.format(
        directory=directory,
        redispatch="option redispatch" if shape.redispatch else "no option redispatch",
        retries=shape.retries,
        bind=place.url(place.http),
    )
    text += "".join(f"  use_backend {name} if {{ path_beg /{name}/ }}\n" for name in others)
    text += f"  default_backend {first}\n"
    for name in shape.backends:
        lines = [*shape.backend_lines, *server_lines(shape, hosts, spare)]
        text += BACKEND.format(name=name) + "".join(f"  {line}\n" for line in lines)
    return text


def server_lines(shape: Shape, hosts: Sequence[Host], spare: Place | None) -> Iterator[str]:
    """Yield one line for each host, or for each instance, and the spare's if there is one."""
    for number, host in enumerate(hosts):
        words = [shape.server_words]
        if shape.checks:
            words.append(f"check {shape.checks}")
        if shape.slowstart:
            words.append(f"slowstart {shape.slowstart}")
        if shape.weights:
            words.append(f"weight {shape.weights[number]}")
        if shape.agent:
            words.append(f"agent-check agent-port {host.place.agent} agent-inter 1s")
        tail = " ".join(filter(None, words))
        for name, port in servers(shape, host):
            yield f"server {name} {host.place.url(port)} cookie {name} {tail}"
    if spare:
        yield f"server spare {spare.url(spare.base)} backup check {shape.checks}"


def servers(shape: Shape, host: Host) -> list[tuple[str, int]]:
    """Return name and port of each server line of ``host``."""
    if shape.lines == "host":
        return [(host.name, host.place.http)]
    return [(f"{host.name}-{port}", port) for port in host.ports.values()]
