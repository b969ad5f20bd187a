"""Which of the processes that a supervisor watches are the instances behind HAProxy's servers."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rollout.model.fleet import Instance

LAST_NUMBER = re.compile(r"(?P<before>.*?)(?P<number>[0-9]+)(?P<after>[^0-9]*)")

FEW = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedProcess:
    """One process of a host.

    Attributes:
        name: As the supervisor has it.
        named_port: The port that its name ends in; 0 for none.
        listens: Ports on which it was seen to listen; empty also where that cannot be seen.
    """

    name: str
    named_port: int = 0
    listens: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, order=True)
class Family:
    """Processes whose names differ in their last number only; one without a number is alone."""

    before: str
    after: str = ""
    numbered: bool = False

    @property
    def match(self) -> str:
        """The regular expression for the whole name."""
        number = "[0-9]+" if self.numbered else ""
        return f"{escape(self.before)}{number}{escape(self.after)}"

    def __str__(self) -> str:
        return f"{self.before}{'N' if self.numbered else ''}{self.after}"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceChoice:
    """The instances, and why these.

    Attributes:
        match: The regular expression for their names; empty where it is not known.
        names: Names by host, in print order.
        each: How many there are on every host; 0 where the hosts differ.
        ports: Port by name, where the name does not end in it.
        reason: One sentence.
    """

    match: str = ""
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    each: int = 0
    ports: Mapping[str, int] = field(default_factory=dict[str, int])
    reason: str

    def instances_of(
        self, hosts: Mapping[str, Sequence[WatchedProcess]]
    ) -> dict[str, tuple[Instance, ...]]:
        """List the instances of each host, with their ports."""
        return {
            host: tuple(
                Instance(one.name, self.ports.get(one.name) or one.named_port)
                for one in processes
                if one.name in self.names.get(host, ())
            )
            for host, processes in hosts.items()
        }


def family_of(name: str) -> Family:
    """Say to which family a name belongs: the last number in it is what differs."""
    found = LAST_NUMBER.fullmatch(name)
    return Family(found["before"], found["after"], numbered=True) if found else Family(name)


def choose_instances(
    hosts: Mapping[str, Sequence[WatchedProcess]],
    ports: Mapping[str, frozenset[int]],
    match: str = "",
) -> InstanceChoice:
    """Choose the family whose processes have the ports that HAProxy sends visitors to.

    Where none of them does, for example behind an nginx of the host's own: the only numbered
    family that every host has.  Where that is not one, nothing is chosen.

    Args:
        hosts: What is watched, by host.
        ports: The ports that HAProxy has for each host.
        match: What the operator says the names are; then nothing is chosen, only counted.
    """
    if match:
        return _choice(hosts, ports, match, "as it was said")
    families: defaultdict[Family, list[WatchedProcess]] = defaultdict(list)
    evident: dict[Family, str] = {}
    for host, processes in hosts.items():
        for one in processes:
            family = family_of(one.name)
            families[family].append(one)
            shared = ({one.named_port} | one.listens) & ports.get(host, frozenset())
            if shared:
                evident.setdefault(family, _evidence(one, min(shared), host))
    if len(evident) == 1:
        ((family, why),) = evident.items()
        return _choice(hosts, ports, family.match, why)
    everywhere = [f for f in families if f.numbered and _is_everywhere(f, hosts)]
    if not evident and len(everywhere) == 1:
        why = (
            f"no process was seen on the ports that HAProxy has; {everywhere[0]} are the only "
            "numbered processes that every host has"
        )
        return _choice(hosts, ports, everywhere[0].match, why)
    found = sorted(evident or families)
    listed = ", ".join(map(str, found[:FEW])) + (", …" if len(found) > FEW else "")
    if evident:
        return InstanceChoice(reason=f"several kinds have ports that HAProxy uses: {listed}")
    what = f"none of {listed} was seen on a port that HAProxy has" if found else "none is watched"
    return InstanceChoice(reason=what)


def escape(text: str) -> str:
    """Write ``text`` for a regular expression; unlike ``re.escape`` it leaves ``-`` and ``_``."""
    return re.sub(r"[\\.^$*+?{}\[\]|()]", lambda found: f"\\{found[0]}", text)


def _evidence(one: WatchedProcess, port: int, host: str) -> str:
    how = "listens on" if port in one.listens else "is named for"
    return f"{one.name} on {host} {how} port {port}, which HAProxy sends visitors to"


def _is_everywhere(family: Family, hosts: Mapping[str, Sequence[WatchedProcess]]) -> bool:
    return all(
        any(family_of(one.name) == family for one in processes) for processes in hosts.values()
    )


def _choice(
    hosts: Mapping[str, Sequence[WatchedProcess]],
    ports: Mapping[str, frozenset[int]],
    match: str,
    reason: str,
) -> InstanceChoice:
    whole = re.compile(match)
    chosen = {
        host: [one for one in processes if whole.fullmatch(one.name)]
        for host, processes in hosts.items()
    }
    counts = {len(found) for found in chosen.values()}
    return InstanceChoice(
        match=match,
        names={host: tuple(one.name for one in found) for host, found in chosen.items()},
        each=min(counts) if len(counts) == 1 else 0,
        ports=_ports(chosen, ports),
        reason=reason,
    )


def _ports(
    chosen: Mapping[str, Iterable[WatchedProcess]], ports: Mapping[str, frozenset[int]]
) -> dict[str, int]:
    """Say where instances listen whose names do not end in it, if it is the same on every host."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    for host, processes in chosen.items():
        for one in processes:
            if not one.named_port:
                likely = one.listens & ports.get(host, frozenset()) or one.listens
                found[one.name] |= likely if len(likely) == 1 else {0, -1}
    return {name: min(seen) for name, seen in found.items() if len(seen) == 1}
