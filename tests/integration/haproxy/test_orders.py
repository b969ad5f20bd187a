import asyncio

import pytest

from rollout.adapters.haproxy import HAProxyBalancer
from rollout.adapters.local.thread_pool import Pool
from rollout.model.errors import BalancerError
from rollout.model.fleet import Admin, AdminState, OperationalState, Server, ServerState
from tests.integration.haproxy.conftest import play, server, until, until_status
from tests.support.haproxyd import HAProxyd, Talking, haproxyd, talking

pytestmark = pytest.mark.integration


async def seen(balancer: HAProxyBalancer, place: str) -> ServerState:
    return (await balancer.look()).servers[server(place)]


def test_drain_maint_and_ready_of_two_backends_are_read_back(balancer: HAProxyBalancer) -> None:
    async def scenario() -> None:
        both = [server("app/web1"), server("api/web1")]
        await until_status(balancer, "app/web1", "UP")
        await until_status(balancer, "api/web1", "UP")
        for state, admin, operation, status in (
            (AdminState.DRAIN, Admin.FORCED_DRAIN, OperationalState.RUNNING, "DRAIN"),
            (AdminState.MAINT, Admin.FORCED_MAINT, OperationalState.STOPPED, "MAINT"),
            (AdminState.DRAIN, Admin.FORCED_DRAIN, OperationalState.RUNNING, "DRAIN 1/2"),
            (AdminState.READY, Admin(0), OperationalState.RUNNING, "UP"),
        ):
            await balancer.set_state(both, state)
            now = (await balancer.look()).servers
            assert [now[s].admin for s in both] == [admin, admin]
            assert now[both[0]].operation is operation
            assert now[both[0]].status in {status, status.removesuffix(" 1/2"), "UP 1/2"}

    play(scenario)


def test_a_server_disabled_in_the_file_says_so_whatever_we_order(
    balancer: HAProxyBalancer,
) -> None:
    async def scenario() -> None:
        off = [server("app/off")]
        await balancer.set_state(off, AdminState.READY)
        assert (await seen(balancer, "app/off")).admin == Admin.CONFIG_MAINT
        await balancer.set_state(off, AdminState.MAINT)
        now = await seen(balancer, "app/off")
        assert now.admin == Admin.CONFIG_MAINT | Admin.FORCED_MAINT

    play(scenario)


def test_a_server_without_checks_is_drained_and_set_ready(balancer: HAProxyBalancer) -> None:
    async def scenario() -> None:
        await balancer.set_state([server("app/bare")], AdminState.DRAIN)
        assert (await seen(balancer, "app/bare")).status == "DRAIN"
        await balancer.set_state([server("app/bare")], AdminState.READY)
        assert (await seen(balancer, "app/bare")).status == "no check"

    play(scenario)


def test_slow_start_shows_as_a_throttle_and_as_starting(balancer: HAProxyBalancer) -> None:
    async def scenario() -> None:
        await until_status(balancer, "app/slow", "UP")
        assert (await seen(balancer, "app/slow")).throttle is None
        await balancer.set_state([server("app/slow")], AdminState.MAINT)
        await balancer.set_state([server("app/slow")], AdminState.READY)
        slow = await seen(balancer, "app/slow")
        assert slow.throttle is not None
        assert 0 < slow.throttle < 100
        assert slow.operation is OperationalState.STARTING

    play(scenario)


def test_a_weight_is_set_and_given_back_and_zero_stays_after_ready(
    balancer: HAProxyBalancer,
) -> None:
    async def scenario() -> None:
        web2 = server("app/web2")
        await balancer.set_weight(web2, 0)
        await balancer.set_state([web2], AdminState.READY)
        now = await seen(balancer, "app/web2")
        assert (now.weight, now.initial_weight, now.admin) == (0, 10, Admin(0))
        await balancer.set_weight(web2, 256)
        assert (await seen(balancer, "app/web2")).weight == 256
        await balancer.set_weight(web2, 10)
        assert (await seen(balancer, "app/web2")).weight == 10

    play(scenario)


def test_the_agents_ready_ends_our_drain_unless_the_agent_is_switched_off(
    balancer: HAProxyBalancer, agent: Talking
) -> None:
    async def scenario() -> None:
        talk = [server("app/talk")]
        await balancer.switch_agent(talk, on=False)
        assert not (await seen(balancer, "app/talk")).agent
        agent.words = b"ready\n"
        await balancer.set_state(talk, AdminState.DRAIN)
        await asyncio.sleep(0.5)  # five turns of the agent, had it one
        assert (await seen(balancer, "app/talk")).admin == Admin.FORCED_DRAIN
        await balancer.switch_agent(talk, on=True)
        ready = await until_status(balancer, "app/talk", "UP")
        assert (ready.admin, ready.agent) == (Admin(0), True)

    play(scenario)


def test_a_tracking_server_obeys_and_keeps_what_it_inherits(lb: HAProxyd, pool: Pool) -> None:
    async def scenario() -> None:
        balancer = HAProxyBalancer("lb1", lb.admin, (), pool)
        follower, leader = [server("follow/web1")], [server("app/web1")]
        assert (await seen(balancer, "follow/web1")).tracks == "app/web1"
        await balancer.set_state(leader, AdminState.MAINT)
        now = await seen(balancer, "follow/web1")
        assert (now.status, now.admin) == ("MAINT (via app/web1)", Admin.INHERITED_MAINT)
        await balancer.set_state(follower, AdminState.READY)
        assert (await seen(balancer, "follow/web1")).admin == Admin.INHERITED_MAINT
        await balancer.set_state([*leader, *follower], AdminState.DRAIN)
        both = Admin.FORCED_DRAIN | Admin.INHERITED_DRAIN
        assert (await seen(balancer, "follow/web1")).admin == both
        await balancer.set_state([*leader, *follower], AdminState.READY)
        assert (await seen(balancer, "follow/web1")).admin == Admin(0)

    play(scenario)


def test_the_sessions_of_a_server_are_counted_and_cut(pool: Pool) -> None:
    async def scenario(daemon: HAProxyd, port: int) -> None:
        balancer = HAProxyBalancer("lb1", daemon.admin, ("pipe",), pool)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await until(balancer, lambda r: r.servers[server("pipe/app1")].sessions == 1)
        await balancer.set_state([server("pipe/app1")], AdminState.MAINT)
        now = await seen(balancer, "pipe/app1")
        assert (now.sessions, now.sessions_total, now.queued) == (1, 1, 0)
        await balancer.cut([server("pipe/app1")])
        assert await reader.read() == b"hello"
        writer.close()
        await until(balancer, lambda r: r.servers[server("pipe/app1")].sessions == 0)
        with pytest.raises(BalancerError, match="No such server"):
            await balancer.cut([server("pipe/nobody")])

    with talking(b"hello") as app, Talking() as spare:
        app.holds = True
        port = spare.port
        spare.server_close()
        bind = f"listen pipe\n  mode tcp\n  bind 127.0.0.1:{port}\n"
        with haproxyd(f"{bind}  server app1 127.0.0.1:{app.port}\n") as daemon:
            play(lambda: scenario(daemon, port))


def test_a_refusal_names_the_command_and_the_words_and_the_others_are_changed(
    balancer: HAProxyBalancer,
) -> None:
    async def scenario() -> None:
        line = [server("app/web1"), server("app/nobody"), server("api/web1")]
        with pytest.raises(BalancerError) as caught:
            await balancer.set_state(line, AdminState.DRAIN)
        assert caught.value.what == (
            "HAProxy refused `set server app/nobody state drain`: No such server."
        )
        assert (await seen(balancer, "app/web1")).admin == Admin.FORCED_DRAIN
        assert (await seen(balancer, "api/web1")).admin == Admin.FORCED_DRAIN

    play(scenario)


def test_an_operators_socket_cannot_change_a_state(lb: HAProxyd, pool: Pool) -> None:
    async def scenario() -> None:
        balancer = HAProxyBalancer("lb1", lb.place / "operator.sock", ("app",), pool)
        with pytest.raises(BalancerError, match="Permission denied"):
            await balancer.set_state([server("app/web1")], AdminState.MAINT)
        assert (await seen(balancer, "app/web1")).admin == Admin(0)

    play(scenario)


@pytest.mark.parametrize("name", ["web1;set server app/web2 state maint", "web1 x", "web1\nx", ""])
def test_no_name_smuggles_a_second_command(balancer: HAProxyBalancer, name: str) -> None:
    async def scenario() -> None:
        with pytest.raises(BalancerError, match="cannot be a name"):
            await balancer.set_state(
                [server("app/web1"), Server("lb1", "app", name)], AdminState.MAINT
            )
        now = (await balancer.look()).servers
        assert now[server("app/web1")].admin == now[server("app/web2")].admin == Admin(0)

    play(scenario)


def test_a_static_algorithm_refuses_weights_with_its_own_words(pool: Pool) -> None:
    async def scenario(daemon: HAProxyd) -> None:
        balancer = HAProxyBalancer("lb1", daemon.admin, (), pool)
        with pytest.raises(BalancerError, match="static LB algorithm"):
            await balancer.set_weight(server("app/web1"), 5)

    config = "backend app\n  balance static-rr\n  server web1 127.0.0.1:9 weight 10\n"
    with haproxyd(config) as daemon:
        play(lambda: scenario(daemon))
