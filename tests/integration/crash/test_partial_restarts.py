"""A restart that reached only some instances of a host: the others follow, and only they."""

import pytest

from examples.fleet import until
from tests.integration.trouble.conftest import MakeTrouble
from tests.support.bastion import restarts
from tests.support.fault_moments import let_it_boot
from tests.support.impatient import impatient

pytestmark = pytest.mark.integration


def test_what_monit_had_restarted_when_it_was_killed_is_told_and_not_restarted_again(
    trouble_in: MakeTrouble,
) -> None:
    shop = trouble_in(instances=2)
    web1 = shop.fleet.hosts["web1"]
    first, second = web1.instances
    running = shop.start()
    until(
        lambda: web1.processes()[first] not in {None, shop.before[f"web1/{first}"]}, "a birth", 20
    )
    web1.kill_monit()
    halted = running.end()
    web1.start_monit()
    web1.until_watched(20)
    born = web1.processes()

    recovered = impatient(shop.fleet, "recover", "--yes")
    resumed = impatient(shop.fleet, "resume", "--yes")

    assert born[second] == shop.before[f"web1/{second}"], "monit was killed too late"
    assert halted.code == 6, halted.said
    assert recovered.returncode == 0, recovered.stderr
    assert f"new process: {first}" in recovered.stderr
    assert "never arrived" in recovered.stderr
    assert resumed.returncode == 0, resumed.stderr
    assert web1.processes()[first] == born[first]
    assert shop.new_processes("web1")
    assert shop.new_processes("web2")
    assert shop.all_ready
    assert restarts(shop, "web2") >= 1


def test_what_had_no_turn_is_named_by_the_second_recovery_as_by_the_first(
    trouble_in: MakeTrouble,
) -> None:
    shop = trouble_in()
    shop.fleet.hosts["web1"].misbehave("hang-boot")
    halted = shop.rollout()
    in_vain = impatient(shop.fleet, "recover", "--yes")
    let_it_boot(shop)
    shop.fleet.hosts["web1"].until_up(20)
    recovered = impatient(shop.fleet, "recover", "--yes")
    resumed = shop.rollout("resume", "--yes")

    assert halted.code == 6, halted.said
    assert in_vain.returncode == 6, in_vain.stderr
    assert "web1 is OUT OF ROTATION." in in_vain.stderr
    assert recovered.returncode == 0, recovered.stderr
    assert "Not restarted by that run: web2" in recovered.stderr
    assert resumed.code == 0, resumed.said
    assert shop.new_processes("web2")
