import asyncio
import grp
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rollout.adapters.haproxy import HAProxyBalancer
from rollout.adapters.local.thread_pool import Pool
from rollout.model.errors import BalancerError
from rollout.model.fleet import Admin, AdminState, Finding
from tests.integration.haproxy.conftest import play, server, until
from tests.support.haproxyd import BINARY, HAProxyd

pytestmark = pytest.mark.integration


def findings(where: Path, pool: Pool, *backends: str) -> list[Finding]:
    found: list[Finding] = []

    async def scenario() -> None:
        found.extend(await HAProxyBalancer("lb1", where, backends, pool, timeout=1.0).examine())

    play(scenario)
    return found


def refusal(where: Path, pool: Pool) -> BalancerError:
    caught: list[BalancerError] = []

    async def scenario() -> None:
        with pytest.raises(BalancerError) as error:
            await HAProxyBalancer("lb1", where, (), pool, timeout=1.0).look()
        caught.append(error.value)

    play(scenario)
    return caught[0]


def test_a_fit_load_balancer_has_no_findings(lb: HAProxyd, pool: Pool) -> None:
    assert findings(lb.admin, pool, "app", "api", "follow") == []


def test_a_missing_socket_is_named_with_those_that_are_there(lb: HAProxyd, pool: Pool) -> None:
    missing = lb.place / "admni.sock"
    (found,) = findings(missing, pool)
    assert found.what == f"{missing} does not exist"
    assert str(lb.admin) in found.fix
    error = refusal(missing, pool)
    assert (error.what, error.fix) == (found.what, found.fix)


def test_a_socket_left_behind_by_a_dead_haproxy_is_called_that(lb: HAProxyd, pool: Pool) -> None:
    lb.kill()
    (found,) = findings(lb.admin, pool)
    assert "no process listens" in found.what
    assert "is HAProxy running?" in found.fix
    assert refusal(lb.admin, pool).what == found.what


def test_a_regular_file_is_no_socket(lb: HAProxyd, pool: Pool) -> None:
    file = lb.place / "haproxy.cfg"
    (found,) = findings(file, pool)
    assert found.what == f"{file} is not a socket"
    assert refusal(file, pool).what == found.what


def test_an_operators_socket_is_not_enough(lb: HAProxyd, pool: Pool) -> None:
    (found,) = findings(lb.place / "operator.sock", pool)
    assert "level operator" in found.what
    assert f"stats socket {lb.place}/operator.sock mode 660 level admin" in found.fix


def test_an_unknown_backend_is_named_with_the_nearest(lb: HAProxyd, pool: Pool) -> None:
    (found,) = findings(lb.admin, pool, "app", "apii")
    assert found.what == "HAProxy has no backend apii"
    assert "api" in found.fix


def test_a_server_that_follows_one_we_would_leave_alone_is_named(lb: HAProxyd, pool: Pool) -> None:
    (found,) = findings(lb.admin, pool, "follow")
    assert found.what == "follow/web1 follows app/web1, which would stay in rotation"
    assert found.fix == "add app to `backends`"


@contextmanager
def without_rights(*paths: Path) -> Iterator[None]:
    """Be a user whom the modes of ``paths`` keep out; root is above them and must step down."""
    modes = [path.stat().st_mode for path in paths]
    root = os.geteuid() == 0
    groups = os.getgroups()
    if root:
        os.setgroups([])
        os.setegid(65534)
        os.seteuid(65534)
    else:
        for path in paths:
            path.chmod(0)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
            os.setegid(0)
            os.setgroups(groups)
        else:
            for path, mode in zip(paths, modes, strict=True):
                path.chmod(mode)


def test_a_socket_that_we_may_not_use_says_which_rights_are_missing(
    lb: HAProxyd, pool: Pool
) -> None:
    lb.place.chmod(0o755)
    with without_rights(lb.admin):
        (found,) = findings(lb.admin, pool)
        error = refusal(lb.admin, pool)
    assert f"may not connect to {lb.admin}" in found.what
    assert "mode 660 level admin" in found.fix
    assert error.what == found.what


def test_a_socket_of_a_group_says_which_group_to_join(lb: HAProxyd, pool: Pool) -> None:
    if os.geteuid() != 0:
        pytest.skip("its owner cannot be kept out by the group's rights")
    lb.place.chmod(0o755)
    lb.admin.chmod(0o660)
    with without_rights(lb.admin):
        (of_root,) = findings(lb.admin, pool)
    os.chown(lb.admin, -1, grp.getgrnam("users").gr_gid)
    with without_rights(lb.admin):
        (of_users,) = findings(lb.admin, pool)
    assert of_users.fix.startswith("`sudo usermod -aG users ")
    assert f"`stats socket {lb.admin} mode 660 level admin group haproxy`" in of_root.fix
    assert "`sudo usermod -aG haproxy " in of_root.fix


def test_a_directory_that_we_may_not_enter_is_named(lb: HAProxyd, pool: Pool) -> None:
    with without_rights(lb.place):
        (found,) = findings(lb.admin, pool)
    assert found.what.endswith(f"may not enter {lb.place}")


def test_a_master_socket_is_recognised(lb: HAProxyd, pool: Pool) -> None:
    master = lb.place / "master.sock"
    config = lb.place / "other.cfg"
    config.write_text("defaults\n  timeout connect 1s\nbackend app\n  server a 127.0.0.1:9\n")
    command = [BINARY, "-W", "-db", "-S", str(master), "-f", str(config)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        deadline = time.monotonic() + 5
        while "master socket" not in (found := findings(master, pool)[0]).what:
            assert time.monotonic() < deadline, found
            time.sleep(0.02)
    finally:
        process.terminate()
        process.wait(10)
    assert "level admin" in found.fix


def test_somebody_else_behind_the_socket_is_not_taken_for_haproxy(lb: HAProxyd, pool: Pool) -> None:
    where = lb.place / "other.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(where))
        server.listen()
        assert "no answer within 1s" in findings(where, pool)[0].what


def test_a_stopped_haproxy_is_an_error_within_the_deadline_and_may_obey_later(
    lb: HAProxyd, pool: Pool
) -> None:
    async def scenario() -> None:
        balancer = HAProxyBalancer("lb1", lb.admin, ("app",), pool, timeout=0.5)
        await balancer.look()
        lb.suspend()
        began = asyncio.get_running_loop().time()
        with pytest.raises(BalancerError, match=r"no answer within 0\.5s") as caught:
            await balancer.set_state([server("app/web1")], AdminState.DRAIN)
        assert asyncio.get_running_loop().time() - began < 1.0
        assert "may still be carried out" in caught.value.fix
        with pytest.raises(BalancerError, match="no answer"):
            await balancer.look()
        lb.resume()
        await until(balancer, lambda r: r.servers[server("app/web1")].admin == Admin.FORCED_DRAIN)

    play(scenario)


def test_many_who_ask_a_stopped_haproxy_at_once_all_hear_of_it_in_time(
    lb: HAProxyd, pool: Pool
) -> None:
    async def scenario() -> None:
        balancer = HAProxyBalancer("lb1", lb.admin, ("app",), pool, timeout=0.5)
        lb.suspend()
        began = asyncio.get_running_loop().time()
        answers = await asyncio.gather(*(balancer.look() for _ in range(8)), return_exceptions=True)
        assert {type(a) for a in answers} == {BalancerError}
        assert asyncio.get_running_loop().time() - began < 1.0
        lb.resume()
        assert (await until(balancer, lambda r: True)).process.pid == lb.pid  # noqa: ARG005 - any

    play(scenario)


def test_many_may_ask_at_once_and_all_are_answered(balancer: HAProxyBalancer) -> None:
    async def scenario() -> None:
        seen = await asyncio.gather(*(balancer.look() for _ in range(30)))
        assert len({reading.process for reading in seen}) == 1

    play(scenario)


def test_a_peer_that_trickles_bytes_does_not_outlast_the_deadline(
    tmp_path: Path, pool: Pool
) -> None:
    async def scenario() -> None:
        async def trickle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                for _turn in range(40):
                    writer.write(b"Name: HAProxy\n")
                    await asyncio.sleep(0.05)
            finally:
                writer.close()

        where = tmp_path / "s"
        server = await asyncio.start_unix_server(trickle, where)
        began = asyncio.get_running_loop().time()
        with pytest.raises(BalancerError, match="no answer within"):
            await HAProxyBalancer("lb1", where, (), pool, timeout=0.3).look()
        assert asyncio.get_running_loop().time() - began < 0.8
        server.close()

    play(scenario)
