"""What to type next: how to see more of a target that is out, and how to bring it back today."""

import shlex
from collections.abc import Iterable, Mapping

from rollout.deploy_ledger import Deployment
from rollout.ledger import Ledger
from rollout.render.harmless import harmless
from rollout.render.told import Hints
from rollout.standings import Line


def to_look(name: str, line: Line, hints: Hints) -> str:
    """Give the command that shows more of a target that is out."""
    return harmless(line.look) or f"{hints.rollout} status --hosts {shlex.quote(harmless(name))}"


def to_bring_back(line: Line, reach: Mapping[str, str]) -> tuple[str, ...]:
    """Give one command per load balancer that makes the seats of ``line`` ready again.

    HAProxy takes several commands in one line, separated by ``;`` (management guide, "Unix
    Socket commands").  For a load balancer that ``reach`` does not know, the words for its
    admin socket are given instead of a command.
    """
    commands = []
    for balancer, servers in _by_balancer(line.seats).items():
        said = "; ".join(f"set server {server} state ready" for server in servers)
        way = reach.get(balancer, "")
        typed = f"echo {shlex.quote(said)} | {way}" if way else f"{said}"
        commands.append(typed if way else f"on the admin socket of {balancer}: {typed}")
    return tuple(commands)


def _by_balancer(seats: Iterable[str]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for seat in seats:
        server, _, balancer = harmless(seat).rpartition("@")
        grouped.setdefault(balancer, []).append(server)
    return grouped


def when_to(line: Line) -> str:
    """Say what must be true before it is brought back."""
    if line.asked:
        return "once every instance of it runs and answers"
    return "at once: it was never asked to restart"


def host_of(target: str) -> str:
    """Name the host of a target, which may be one instance of it: ``web1/app_8000``."""
    return target.partition("/")[0]


def to_old_code(target: str, deploy: Deployment, hints: Hints) -> str:
    """Give the command that lets ``current`` lead to the release before, on a host of ours.

    Empty where it leads there already, as far as it is known, or where none was before.
    """
    host = host_of(target)
    before = deploy.before.get(host, "")
    if host not in deploy.moved or not before:
        return ""
    typed = hints.old_code.replace("{host}", shlex.quote(harmless(host)))
    return typed.replace("{release}", harmless(before))


def next_steps(ledger: Ledger, hints: Hints) -> tuple[tuple[str, str], ...]:
    """List what to type, in order, as (label, text), for each target that is out.

    See more of it; where it may come up as the release that failed, keep it from that; and bring
    it back.
    """
    steps: list[tuple[str, str]] = []
    relinked = {""}
    for name in ledger.out:
        line = ledger.lines[name]
        steps.append(("look", to_look(name, line, hints)))
        old = to_old_code(name, ledger.deploy, hints)
        if old not in relinked:
            then = "then restart its instances, and bring it back"
            never = "never asked to restart: it still runs the old code"
            steps.append(("old code", f"{old}   # {then if line.asked else never}"))
            relinked.add(old)
        steps.append(("bring back", f"{harmless(name)}, {when_to(line)}:"))
        steps += [("", command) for command in to_bring_back(line, hints.reach)]
    return tuple(steps)
