"""The fleet by hand: ``python -m examples.fleet up``, ``release`` and ``clean``."""

import argparse
import shlex
import signal
import subprocess
import sys
from pathlib import Path

from examples.fleet import Fleet, Missing, Shape, Shop
from examples.fleet.leftovers import clear, orphans

DEFAULTS = Shape()
MANUAL = """\
The fleet is up: {hosts} behind {urls}
Restart it, in another terminal:

  {restart}

Or commit a new release of its app, with --broken fail-boot a bad one, and deploy it:

  {release}
  {deploy}

Reach a host:         ssh -F {ssh_config} web1
Talk to HAProxy:      echo "show servers state" | socat - {socket}
Visit it:             {visit}
Everything it has is in {directory}
Ctrl-C ends it and clears everything away.
"""


def manual(fleet: Fleet) -> str:
    """Return what can be done with ``fleet`` while it is up, to be pasted into a shell."""
    urls = [balancer.url for balancer in fleet.balancers.values()]
    return MANUAL.format(
        hosts=", ".join(fleet.hosts),
        urls=" and ".join(urls),
        restart=shlex.join(fleet.command("restart")),
        release=shlex.join(
            [sys.executable, "-m", "examples.fleet", "release", str(fleet.directory)]
        ),
        deploy=shlex.join(fleet.command("uninterrupted")),
        ssh_config=fleet.ssh_config,
        socket=fleet.balancers["lb1"].socket,
        visit=shlex.join([sys.executable, "examples/visitor.py", *urls]),
        directory=fleet.directory,
    )


def up(said: argparse.Namespace) -> None:
    shape = Shape(
        hosts=said.hosts,
        instances=said.instances,
        balancers=said.balancers,
        boot=said.boot,
        lines=said.lines,
        redispatch=said.redispatch,
        remote_balancers=said.remote_balancers,
        ipv6=said.ipv6,
        haproxy=said.haproxy,
        deploys=True,
    )
    with Fleet(shape) as fleet:
        print(manual(fleet), flush=True)
        signal.pause()


def release(said: argparse.Namespace) -> None:
    shop = Shop(said.fleet / "shop")
    commit = shop.release(broken=" ".join(said.broken))
    print(f"release {shop.version} is commit {commit}")


def clean(_: argparse.Namespace) -> None:
    for directory in orphans():
        killed = clear(directory)
        print(f"{directory}: removed; {len(killed)} processes stopped")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m examples.fleet", description=__doc__)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("up", help="start a fleet; it ends with Ctrl-C")
    command.set_defaults(run=up)
    command.add_argument("--hosts", type=int, default=DEFAULTS.hosts)
    command.add_argument("--instances", type=int, default=DEFAULTS.instances)
    command.add_argument("--balancers", type=int, default=DEFAULTS.balancers)
    command.add_argument("--boot", type=float, default=DEFAULTS.boot, help="seconds")
    command.add_argument("--lines", choices=["host", "instance"], default=DEFAULTS.lines)
    command.add_argument("--no-redispatch", dest="redispatch", action="store_false")
    command.add_argument("--remote-balancers", action="store_true", help="reach HAProxy by ssh")
    command.add_argument("--ipv6", action="store_true")
    command.add_argument("--haproxy", default=DEFAULTS.haproxy, help="the program")
    command = commands.add_parser("release", help="commit a new release of a fleet's app")
    command.set_defaults(run=release)
    command.add_argument("fleet", type=Path, help="the fleet's directory")
    command.add_argument(
        "--broken", nargs="+", default=[], help="fail-build, or words of examples/app.py"
    )
    command = commands.add_parser("clean", help="stop what a killed fleet left behind")
    command.set_defaults(run=clean)
    said = parser.parse_args()
    try:
        said.run(said)
    except (Missing, OSError, subprocess.CalledProcessError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
