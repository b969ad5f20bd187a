"""The order of the look, and what becomes of hosts that do not answer; the world is a fake."""

import asyncio
from collections.abc import Mapping, Sequence

from rollout.discovery.fleet import SeenHost, SocketPlace
from rollout.discovery.instances import InstanceChoice
from rollout.discovery.look import (
    FleetReaders,
    common_command,
    find_group,
    find_layouts,
    look_at_hosts,
    map_hosts,
    read_balancers,
)
from rollout.model.errors import BalancerError, RemoteError
from rollout.model.fleet import (
    BalancerSnapshot,
    Finding,
    InstanceState,
    ProcessIdentity,
    ProcessState,
)
from rollout.ports.discovery import (
    HostName,
    NameSource,
    ProcessPlaces,
    ReleaseLayout,
    SupervisedHost,
)
from tests.support.fleets_seen import row


class Names:
    """What ssh and the resolver know."""

    def __init__(
        self,
        addresses: Mapping[str, str],
        *,
        config: Sequence[str] = (),
        listed: Sequence[str] = (),
        reverse: Mapping[str, str] | None = None,
    ) -> None:
        self.addresses = addresses
        self.config = tuple(config)
        self.listed = tuple(listed)
        self.reverse = reverse or {}
        self.asked: list[str] = []

    async def configured(self) -> tuple[str, ...]:
        return self.config

    async def in_known_hosts(self) -> tuple[str, ...]:
        return self.listed

    async def resolve(self, names: Sequence[str], source: NameSource) -> tuple[HostName, ...]:
        self.asked += names
        return tuple(
            HostName(
                name=name,
                source=source,
                addresses=(self.addresses[name],) if name in self.addresses else (),
            )
            for name in names
        )

    async def of_address(self, address: str) -> tuple[HostName, ...]:
        self.asked.append(address)
        name = self.reverse.get(address)
        found = HostName(name=name or "", source=NameSource.DNS, addresses=(address,))
        return (found,) if name else ()


def mapped(names: Names, *rows: tuple[str, str], said: Mapping[str, str] = {}) -> dict[str, str]:
    servers = [row(name, address) for name, address in rows]
    found = asyncio.run(map_hosts(servers, names, {"lb1": ""}, said))
    return {one.row.server.name: one.host.name for one in found.mapped}


def test_known_hosts_and_dns_are_asked_only_where_something_is_left() -> None:
    names = Names({"web1": "10.0.0.1", "old": "10.0.0.9"}, config=["web1"], listed=["old"])
    assert mapped(names, ("web1", "10.0.0.1")) == {"web1": "web1"}
    assert names.asked == ["web1"]
    assert mapped(names, ("web1", "10.0.0.1"), ("s2", "10.0.0.9")) == {"web1": "web1", "s2": "old"}


def test_dns_comes_last_and_never_for_loopback() -> None:
    names = Names({}, reverse={"10.0.0.7": "web7.example.com"})
    assert mapped(names, ("a", "10.0.0.7"), ("b", "127.0.0.1")) == {"a": "web7.example.com"}
    assert "127.0.0.1" not in names.asked


def test_a_name_of_known_hosts_that_a_server_has_is_certain() -> None:
    names = Names({"web1": "192.0.2.1"}, listed=["web1"])
    assert mapped(names, ("web1", "10.0.0.1")) == {"web1": "web1"}
    assert mapped(Names({"web1": "192.0.2.1"}), ("web1", "10.0.0.1")) == {}


def test_the_operators_word_is_taken_first() -> None:
    names = Names({"web1": "10.0.0.1"}, config=["web1"])
    assert mapped(names, ("s1", "10.0.0.1"), said={"10.0.0.1": "other"}) == {"s1": "other"}


class Hosts:
    """Finder and inspector of a few hosts; what is not there is not reached."""

    name = "monit"
    section = "monit"

    def __init__(self, groups: Mapping[str, str] | None = None, cwd: str = "/srv/x") -> None:
        self._groups = groups or {}
        self._cwd = cwd

    async def look(self, host: str) -> SupervisedHost:
        if host == "hung":
            await asyncio.sleep(1000)
        if host == "lost":
            raise RemoteError(host, "no route", "look at the cable")
        process = ProcessIdentity(pid=7, started=1, boot="b")
        return SupervisedHost(
            command="monit" if host == "web1" else "sudo -n monit",
            states=(
                state("app_8000", 8000, process),
                state("app_8001", 8001, None),
                state("odd\nname", 0, None),
            ),
        )

    async def groups(
        self, host: str, command: str, names: Sequence[str]
    ) -> Mapping[str, frozenset[str]]:
        assert host
        assert command
        return {n: frozenset(self._groups[n].split()) for n in names if n in self._groups}

    async def places(self, host: str, pids: Sequence[int]) -> ProcessPlaces:
        assert host
        assert [*pids] == [7]
        return ProcessPlaces(ports={7: frozenset({80})}, directories={7: self._cwd})

    async def layout(self, host: str, directory: str) -> ReleaseLayout | None:
        if host == "web2":
            raise RemoteError(host, "lost")
        return ReleaseLayout(to=directory) if directory != "/" else None


def state(name: str, port: int, process: ProcessIdentity | None) -> InstanceState:
    return InstanceState(
        name=name,
        state=ProcessState.RUNNING,
        detail="OK",
        pending="",
        process=process,
        port=port,
    )


def look(*hosts: str) -> dict[str, SeenHost]:
    world = Hosts()
    return asyncio.run(look_at_hosts(hosts, FleetReaders(Names({}), world, world)))


def test_what_runs_on_a_host_is_seen_with_its_ports_and_its_place() -> None:
    seen = look("web1")["web1"]
    assert [one.name for one in seen.processes] == ["app_8000", "app_8001"]
    assert seen.processes[0].listens == {80}
    assert seen.directories == {"app_8000": "/srv/x"}


def test_a_host_that_cannot_be_looked_at_says_why_and_stops_no_other(monkeypatch) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    monkeypatch.setattr("rollout.discovery.look.HOST_WITHIN", 0.05)
    seen = look("web1", "lost", "hung")
    assert seen["web1"].trouble is None
    assert seen["lost"].trouble == Finding("lost", "no route", "look at the cable")
    assert seen["hung"].trouble
    assert "no whole answer within" in seen["hung"].trouble.what


def test_the_command_is_that_of_all_hosts_or_the_one_with_more_rights() -> None:
    assert common_command(look("web1")) == ("monit", True)
    assert common_command(look("web1", "web2")) == ("sudo -n monit", False)
    assert common_command({}) == ("", True)


CHOICE = InstanceChoice(
    match="app_[0-9]+",
    names={"web1": ("app_8000", "app_8001"), "web2": ("app_8000", "app_8001")},
    reason="",
)


def test_a_group_is_taken_if_it_has_exactly_the_instances() -> None:
    seen = look("web1", "web2")

    def group(groups: Mapping[str, str]) -> str:
        return asyncio.run(find_group(CHOICE, seen, ["shop"], Hosts(groups)))

    assert group({"app": "app_8000 app_8001"}) == "app"
    assert group({"app": "app_8000"}) == ""
    assert group({"shop": "app_8000 app_8001 nginx"}) == ""
    assert group({}) == ""
    open_choice = InstanceChoice(reason="")
    assert asyncio.run(find_group(open_choice, seen, ["app"], Hosts({"app": ""}))) == ""


def test_a_layout_is_found_where_the_instances_run_in_one() -> None:
    seen = look("web1", "web2")
    found = asyncio.run(find_layouts(CHOICE, seen, Hosts()))
    assert found == {"web1": ReleaseLayout(to="/srv/x")}


class OneBalancer:
    """A load balancer that answers, or does not."""

    name = "lb1"

    def __init__(self, snapshot: BalancerSnapshot | None, *found: Finding) -> None:
        self._snapshot = snapshot
        self._found = found

    async def examine(self) -> tuple[Finding, ...]:
        return self._found

    async def look(self) -> BalancerSnapshot:
        if self._snapshot is None:
            raise BalancerError("lb1", "no answer", "start it")
        return self._snapshot


def test_a_load_balancer_that_does_not_answer_says_why() -> None:
    place = SocketPlace(name="lb1", socket="/run/x")
    (seen,) = asyncio.run(read_balancers([place], {"lb1": OneBalancer(None)}))  # type: ignore[dict-item] # only looked at
    assert seen.snapshot is None
    assert seen.notes == (Finding("lb1", "no answer", "start it"),)
    assert seen.backends() == {}


def test_what_the_examination_found_comes_before_an_error() -> None:
    place, found = SocketPlace(name="lb1", socket="/run/x"), Finding("lb1", "not HAProxy", "")
    (seen,) = asyncio.run(read_balancers([place], {"lb1": OneBalancer(None, found)}))  # type: ignore[dict-item] # only looked at
    assert seen.notes[0] == found
