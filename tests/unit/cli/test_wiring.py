"""From settings to a site, a scope and a plan."""

import asyncio
from pathlib import Path

import pytest

from rollout.adapters.haproxy.socket_proxy import SocketProxy
from rollout.cli.from_settings import plan_of, reach_of, scope_of
from rollout.cli.wiring import open_site, ssh_options, supervisor_options
from rollout.model.fleet import Target
from rollout.model.plan import OnBusy
from rollout.restart.server_mapping import Granularity
from rollout.settings.load import load
from rollout.settings.model import Settings

HOME = Path("~").expanduser()

FILE = """\
app = "shop"
[balancers.here]
socket = "/run/here.sock"
backends = ["app"]
[balancers.there]
ssh = "lb2"
[fleet]
hosts = ["web[1-8]"]
server = "{host}"
by = "instance"
max_out = "30%"
canary = 2
[ssh]
user = "deploy"
config = "~/ssh config"
[monit]
command = "sudo -n -u {me} monit"
instances = 4
instances_at_a_time = 2
ports = { a = 8000 }
[restart]
on_busy = "cut"
probe = "tcp://127.0.0.1:{port}"
probe_times = 3
smoke = "true"
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    file = tmp_path / "rollout.toml"
    file.write_text(FILE)
    return load(environ={}, config=str(file)).settings


def test_a_site_is_built_and_closed_without_contacting_anybody(settings: Settings) -> None:
    async def build() -> None:
        async with open_site(settings, stop_asked=lambda: True) as site:
            assert list(site.balancers) == ["here", "there"]
            assert site.prober is not None
            assert site.smoke is not None
            assert site.stop_asked()

    asyncio.run(build())


def test_what_is_not_asked_for_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "rollout.toml"
    file.write_text(FILE.partition("[restart]")[0])

    async def build() -> None:
        async with open_site(load(environ={}, config=str(file)).settings) as site:
            assert site.prober is None
            assert site.smoke is None

    asyncio.run(build())


def test_only_a_load_balancer_elsewhere_needs_a_bridge(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[SocketProxy] = []

    async def close(self: SocketProxy) -> None:
        closed.append(self)

    monkeypatch.setattr(SocketProxy, "close", close)

    async def build() -> None:
        async with open_site(settings):
            assert not closed

    asyncio.run(build())
    assert len(closed) == 1


def test_the_options_of_the_adapters_are_those_of_the_settings(settings: Settings) -> None:
    ssh, monit = ssh_options(settings), supervisor_options(settings)
    assert (ssh.user, ssh.config) == ("deploy", Path("~/ssh config").expanduser())
    assert monit.words == ("sudo", "-n", "-u", "{me}", "monit")
    assert (monit.instances, monit.ports) == (4, {"a": 8000})
    assert monit.ssh == f"ssh -F '{HOME}/ssh config' -l deploy"


def test_what_shows_the_instances_of_a_host_can_be_typed_here(settings: Settings) -> None:
    async def ask() -> str:
        async with open_site(settings) as site:
            return site.supervisor.look_command("web1 b")

    assert asyncio.run(ask()) == (
        f"ssh -F '{HOME}/ssh config' -l deploy 'web1 b' sudo -n -u {{me}} monit status"
    )


def test_the_plan_is_made_of_the_settings_and_the_targets_found(settings: Settings) -> None:
    targets = [Target(f"web{n}", f"web{n}", (), (), {}) for n in range(1, 8)]
    plan = plan_of(settings, targets)
    assert [len(wave) for wave in plan.waves] == [2, 5]
    assert plan.max_out == 2
    assert (plan.instances_at_a_time, plan.probe_times) == (2, 3)
    assert plan.on_busy is OnBusy.CUT


def test_the_scope_names_the_chosen_hosts(settings: Settings) -> None:
    scope = scope_of(settings, ("web3", "web1"))
    assert (scope.hosts, scope.server, scope.by) == (
        ("web3", "web1"),
        "{host}",
        Granularity.INSTANCE,
    )


def test_the_way_to_each_admin_socket_can_be_typed(settings: Settings) -> None:
    assert reach_of(settings) == {
        "here": "socat - UNIX-CONNECT:/run/here.sock",
        "there": f"ssh -F '{HOME}/ssh config' -l deploy lb2 "
        "'socat - UNIX-CONNECT:/run/haproxy/admin.sock'",
    }
