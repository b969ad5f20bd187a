"""A recovery that works names what the first run had not done, however many failed before it."""

import pytest

from examples.fleet import until
from tests.integration.trouble.conftest import MakeTrouble
from tests.support.advice import commands_in
from tests.support.bastion import kill_9
from tests.support.impatient import impatient

pytestmark = pytest.mark.integration

THE_REST = "Not restarted by that run: web2, web3"


@pytest.mark.parametrize(
    ("failures", "how"), [(0, "recover"), (2, "recover"), (1, "lock break")], ids=str
)
def test_what_had_no_turn_is_named_however_often_a_recovery_failed(
    trouble_in: MakeTrouble, failures: int, how: str
) -> None:
    shop = trouble_in(hosts=3)
    shop.settings(restart__running_timeout="60s")
    web1 = shop.fleet.hosts["web1"]
    web1.break_boot()
    running = shop.start("restart")
    running.until_says("web1 restart requested")
    until(lambda: not shop.same("web1"), "monit has ended the process from before", 20)
    kill_9(running)
    shop.settings(restart__running_timeout="3s")
    failed = [impatient(shop.fleet, "recover", "--yes") for _ in range(failures)]
    web1.heal()
    web1.until_up(20)
    web1.until_watched(20)

    recovered = shop.rollout(*how.split(), "--yes")

    assert [ended.returncode for ended in failed] == [6] * failures
    assert recovered.code == 0, recovered.said
    assert THE_REST in recovered.said
    assert any(command.endswith(" resume") for command in commands_in(recovered.said))
    shop.settings(restart__running_timeout="60s")  # as the run had it
    resumed = shop.rollout("resume", "--yes")
    assert resumed.code == 0, resumed.said
    assert all(shop.new_processes(host) for host in ("web1", "web2", "web3"))
