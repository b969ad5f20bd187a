import asyncio
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rollout.adapters.haproxy import HAProxyBalancer
from rollout.adapters.haproxy.over_ssh import through_ssh
from rollout.adapters.haproxy.over_tcp import over_tcp
from rollout.adapters.haproxy.socket_proxy import SocketProxy, converse, relay_command
from rollout.adapters.local.thread_pool import Pool
from rollout.adapters.ssh import ForwardingRefused, Ssh, SshOptions
from rollout.adapters.ssh.stream import ChannelStream
from rollout.model.errors import BalancerError, RemoteError
from rollout.model.fleet import Admin, AdminState
from rollout.text.admin_sockets import TcpAddress, tcp_socket
from tests.integration.haproxy.conftest import play, server
from tests.support.haproxyd import HAProxyd, haproxyd
from tests.support.http_server import free_port
from tests.support.login_shells import find_shell, sshd_with_accounts
from tests.support.sshd import running_sshd

pytestmark = pytest.mark.integration


class LocalStream(socket.socket):
    """A stream as the bridge wants it, to a socket of this machine."""

    def shutdown_write(self) -> None:
        self.shutdown(socket.SHUT_WR)


def locally(path: Path) -> Callable[[bytes], bytes]:
    def carry(line: bytes) -> bytes:
        stream = LocalStream(socket.AF_UNIX)
        stream.connect(str(path))
        return converse(stream, line, timeout=5.0)

    return carry


async def drained_and_back(balancer: HAProxyBalancer) -> None:
    web1 = server("app/web1")
    await balancer.set_state([web1], AdminState.DRAIN)
    assert (await balancer.look()).servers[web1].admin == Admin.FORCED_DRAIN
    await balancer.set_state([web1], AdminState.READY)
    assert (await balancer.look()).servers[web1].admin == Admin(0)


def test_a_load_balancer_works_over_the_bridge_as_it_does_here(lb: HAProxyd, pool: Pool) -> None:
    async def scenario() -> None:
        bridge = SocketProxy(locally(lb.admin), lb.admin)
        balancer = HAProxyBalancer("lb1", bridge, ("app",), pool)
        await drained_and_back(balancer)
        assert await balancer.examine() == ()
        path = await bridge.open()
        assert path.parent.stat().st_mode & 0o777 == 0o700
        assert len(str(path)) < 108
        await bridge.close()
        assert not path.parent.exists()

    play(scenario)


def test_the_bridge_says_why_nobody_got_across(pool: Pool) -> None:
    async def scenario() -> None:
        def refuse(_: bytes) -> bytes:
            raise RemoteError("lb1.example", "sshd forbids it", "AllowStreamLocalForwarding yes")

        bridge = SocketProxy(refuse, Path("/run/haproxy/admin.sock"))
        balancer = HAProxyBalancer("lb1", bridge, ("app",), pool)
        with pytest.raises(BalancerError, match=r"lb1\.example: sshd forbids it"):
            await balancer.look()
        (found,) = await balancer.examine()
        assert found.what == "lb1.example: sshd forbids it"
        assert found.fix == "AllowStreamLocalForwarding yes"
        await bridge.close()

    play(scenario)


def test_closing_the_bridge_does_not_wait_for_a_peer_that_says_nothing(
    tmp_path: Path, pool: Pool
) -> None:
    async def scenario() -> None:
        with socket.socket(socket.AF_UNIX) as silent:
            silent.bind(str(tmp_path / "s"))
            silent.listen()
            bridge = SocketProxy(locally(tmp_path / "s"), tmp_path / "s")
            balancer = HAProxyBalancer("lb1", bridge, ("app",), pool, timeout=0.3)
            with pytest.raises(BalancerError, match="no answer within"):
                await balancer.look()
            began = asyncio.get_running_loop().time()
            await bridge.close()
            assert asyncio.get_running_loop().time() - began < 0.2

    play(scenario)


@pytest.mark.parametrize("forwarding", ["yes", "no"])
def test_a_remote_load_balancer_is_reached_through_ssh_with_and_without_forwarding(
    lb: HAProxyd, pool: Pool, forwarding: str
) -> None:
    with (
        running_sshd(f"AllowStreamLocalForwarding {forwarding}") as sshd,
        Ssh(SshOptions(config=sshd.config, connect_timeout=5.0)) as ssh,
    ):

        async def scenario() -> None:
            bridge = through_ssh(ssh, "web1", str(lb.admin))
            await drained_and_back(HAProxyBalancer("lb1", bridge, ("app", "api"), pool))
            await bridge.close()

        play(scenario)


@pytest.mark.parametrize("forwarding", ["yes", "no"])
def test_a_remote_socket_that_is_not_there_is_named(
    lb: HAProxyd, pool: Pool, forwarding: str
) -> None:
    missing = f"{lb.place}/missing.sock"
    with (
        running_sshd(f"AllowStreamLocalForwarding {forwarding}") as sshd,
        Ssh(SshOptions(config=sshd.config, connect_timeout=5.0)) as ssh,
    ):

        async def scenario() -> None:
            bridge = through_ssh(ssh, "web1", missing)
            balancer = HAProxyBalancer("lb1", bridge, ("app",), pool)
            with pytest.raises(BalancerError) as caught:
                await balancer.look()
            assert missing in caught.value.what
            (found,) = await balancer.examine()
            assert missing in found.what
            await bridge.close()

        play(scenario)


def test_findings_of_a_remote_load_balancer_name_its_own_path(lb: HAProxyd, pool: Pool) -> None:
    async def scenario() -> None:
        operator = lb.place / "operator.sock"
        bridge = SocketProxy(locally(operator), operator)
        (found,) = await HAProxyBalancer("lb1", bridge, (), pool).examine()
        assert found.what.startswith(f"{operator} has level operator")
        await bridge.close()

    play(scenario)


def test_a_pool_of_one_thread_is_enough_for_a_remote_load_balancer(lb: HAProxyd) -> None:
    async def scenario() -> None:
        bridge, narrow = SocketProxy(locally(lb.admin), lb.admin), Pool(1)
        await drained_and_back(HAProxyBalancer("lb1", bridge, (), narrow))
        narrow.close()
        await bridge.close()

    play(scenario)


@pytest.mark.parametrize("path", ["relative.sock", "/run/a b", "/run/$(id)", "/run/a,fork", "/x'y"])
def test_a_remote_path_that_could_mean_something_else_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match=r"plain characters|must begin with /"):
        relay_command(path)


GLOBAL = "global\n  stats socket {} level {}\nbackend app\n  server web1 127.0.0.1:9\n"


@pytest.fixture(params=["127.0.0.1:{}", "[::1]:{}"])
def on_tcp(request: pytest.FixtureRequest) -> Iterator[str]:
    """HAProxy with an admin socket on a TCP port as well; how the setting names it."""
    said = str(request.param).format(free_port())
    family = "ipv6@::1:" if "::1" in said else "ipv4@127.0.0.1:"
    with haproxyd(GLOBAL.format(family + said.rpartition(":")[2], "admin")):
        yield said


def test_an_admin_socket_on_tcp_is_as_good_as_a_file(on_tcp: str, pool: Pool) -> None:
    async def scenario() -> None:
        where = tcp_socket(on_tcp)
        assert where is not None
        bridge = over_tcp("lb1", where)
        balancer = HAProxyBalancer("lb1", bridge, ("app",), pool)
        await drained_and_back(balancer)
        assert await balancer.examine() == ()
        await bridge.close()

    play(scenario)


@pytest.mark.parametrize("forwarding", ["yes", "no"])
def test_an_admin_socket_on_tcp_is_reached_by_ssh(on_tcp: str, pool: Pool, forwarding: str) -> None:
    with (
        running_sshd(f"AllowTcpForwarding {forwarding}") as sshd,
        Ssh(SshOptions(config=sshd.config, connect_timeout=5.0)) as ssh,
    ):

        async def scenario() -> None:
            bridge = through_ssh(ssh, "web1", on_tcp)
            await drained_and_back(HAProxyBalancer("lb1", bridge, ("app",), pool))
            await bridge.close()

        play(scenario)


def test_what_keeps_us_from_an_admin_socket_on_tcp_is_said_once(pool: Pool) -> None:
    port = free_port()

    async def scenario() -> None:
        bridge = over_tcp("lb1", TcpAddress("127.0.0.1", port))
        (found,) = await HAProxyBalancer("lb1", bridge, ("app",), pool).examine()
        assert found.what == f"127.0.0.1:{port} cannot be reached: connection refused"
        assert f"`stats socket 127.0.0.1:{port} level admin`" in found.fix
        await bridge.close()

    play(scenario)


def test_a_level_too_low_on_tcp_is_cured_by_a_line_without_a_mode(pool: Pool) -> None:
    port = free_port()

    async def scenario() -> None:
        with haproxyd(GLOBAL.format(f"127.0.0.1:{port}", "operator")):
            bridge = over_tcp("lb1", TcpAddress("127.0.0.1", port))
            (found,) = await HAProxyBalancer("lb1", bridge, ("app",), pool).examine()
            assert f"`stats socket 127.0.0.1:{port} level admin`" in found.fix
            await bridge.close()

    play(scenario)


class Forbidding(Ssh):
    """A door to hosts that forward nothing."""

    def open_socket(self, host: str, path: str, *, timeout: float = 10.0) -> ChannelStream:
        raise ForwardingRefused(host, f"{path}: sshd forbids it ({timeout:g}s)")


def test_what_a_login_shell_prints_is_no_word_of_haproxys(lb: HAProxyd, pool: Pool) -> None:
    with sshd_with_accounts({"deploy": find_shell("bash")}) as accounts:
        greeting = accounts.homes["deploy"] / ".bashrc"
        greeting.write_text("echo Welcome to lb1; echo 'load: 0.1' >&2; printf 'no line end'\n")
        lb.place.chmod(0o755)
        lb.admin.chmod(0o666)

        async def scenario() -> None:
            with Forbidding(SshOptions(config=accounts.sshd.config)) as ssh:
                bridge = through_ssh(ssh, "deploy", str(lb.admin), timeout=10.0)
                balancer = HAProxyBalancer("lb1", bridge, ("app",), pool, timeout=12.0)
                assert await balancer.examine() == ()
                await drained_and_back(balancer)
                await bridge.close()

        play(scenario)
