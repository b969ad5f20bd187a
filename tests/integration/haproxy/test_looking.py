import pytest

from rollout.adapters.haproxy import HAProxyBalancer
from rollout.adapters.local.thread_pool import Pool
from rollout.model.fleet import Admin, AdminState, OperationalState
from tests.integration.haproxy.conftest import play, server, until, until_status
from tests.support.haproxyd import HAProxyd, Talking

pytestmark = pytest.mark.integration


def test_every_kind_of_server_line_is_read_as_what_it_is(balancer: HAProxyBalancer) -> None:
    async def scenario() -> None:
        await until_status(balancer, "app/closed", "DOWN")
        await until_status(balancer, "app/web2", "UP")
        servers = (await balancer.look()).servers
        assert all(s.balancer == "lb1" for s in servers)
        web2 = servers[server("app/web2")]
        assert (web2.weight, web2.initial_weight, web2.address) == (10, 10, "127.0.0.1")
        assert (web2.checked, web2.agent, web2.backup, web2.tracks) == (True, False, False, "")
        assert (web2.admin, web2.operation) == (Admin(0), OperationalState.RUNNING)
        assert servers[server("app/six")].address == "::1"
        assert servers[server("app/closed")].operation is OperationalState.STOPPED
        off = servers[server("app/off")]
        assert (off.status, off.admin) == ("MAINT", Admin.FORCED_MAINT | Admin.CONFIG_MAINT)
        bare = servers[server("app/bare")]
        assert (bare.status, bare.checked, bare.operation) == (
            "no check",
            False,
            OperationalState.RUNNING,
        )
        assert servers[server("app/spare")].backup
        assert servers[server("app/talk")].agent
        assert servers[server("app/mapped")].port == 0
        nowhere = servers[server("app/nowhere")]
        assert (nowhere.address, nowhere.status) == ("", "MAINT (resolution)")
        assert nowhere.admin == Admin.NO_ADDRESS

    play(scenario)


def test_no_backend_named_means_all_of_them(lb: HAProxyd, pool: Pool) -> None:
    async def scenario() -> None:
        seen = await HAProxyBalancer("lb1", lb.admin, (), pool).look()
        assert {s.backend for s in seen.servers} == {"app", "api", "follow"}

    play(scenario)


def test_only_the_backends_named_are_read(balancer: HAProxyBalancer) -> None:
    async def scenario() -> None:
        assert {s.backend for s in (await balancer.look()).servers} == {"app", "api"}

    play(scenario)


def test_a_backend_that_is_not_there_hides_no_other(lb: HAProxyd, pool: Pool) -> None:
    async def scenario() -> None:
        seen = await HAProxyBalancer("lb1", lb.admin, ("app", "nope"), pool).look()
        assert {s.backend for s in seen.servers} == {"app"}

    play(scenario)


def test_more_backends_than_a_line_can_hold_are_read_all_the_same(lb: HAProxyd, pool: Pool) -> None:
    async def scenario() -> None:
        names = ("app", *(f"pool-of-a-rather-long-name-{n}" for n in range(200)))
        seen = await HAProxyBalancer("lb1", lb.admin, names, pool).look()
        assert {s.backend for s in seen.servers} == {"app"}

    play(scenario)


@pytest.mark.parametrize(
    "words",
    [
        b'down #disk full, see "ticket", please\n',
        b"down #a form\x0cfeed, a next\xc2\x85line, a \xe2\x80\xa8 separator\n",
    ],
)
def test_an_agent_may_say_what_it_likes(
    balancer: HAProxyBalancer, agent: Talking, words: bytes
) -> None:
    async def scenario() -> None:
        agent.words = words
        talk = await until_status(balancer, "app/talk", "DOWN (agent)")
        assert (talk.address, talk.agent) == ("127.0.0.1", True)

    play(scenario)


def test_an_agent_that_speaks_no_utf8_is_noted_and_does_not_stop_the_reading(
    balancer: HAProxyBalancer, agent: Talking
) -> None:
    async def scenario() -> None:
        agent.words = b"down #\xff\xfe, disk\n"
        seen = await until(balancer, lambda r: bool(r.notes))
        assert seen.servers[server("app/talk")].status == "DOWN (agent)"
        (note,) = seen.notes
        assert note.startswith("app/talk: last_agt is not UTF-8")

    play(scenario)


def test_a_reload_shows_as_another_process(lb: HAProxyd, balancer: HAProxyBalancer) -> None:
    async def scenario() -> None:
        await balancer.set_state([server("app/web1")], AdminState.DRAIN)
        before = (await balancer.look()).process
        assert before.pid == lb.pid
        assert before.started > 1_700_000_000
        lb.reload()
        after = await until(balancer, lambda r: r.process != before)
        assert after.process.pid == lb.pid
        assert after.servers[server("app/web1")].admin == Admin(0)  # the drain is lost

    play(scenario)
