"""What a restart believes of monit: its rules, its other work, and whose process answers."""

import pytest

from examples.fleet import until
from examples.fleet.host import Host
from examples.fleet.programs import write_program
from tests.integration.trouble.conftest import MakeTrouble
from tests.support.advice import steps_in, type_line
from tests.support.wrapped_apps import BESIDE, wrap

pytestmark = pytest.mark.integration

MAINT = 1
ONE = "mongrel_8000"

SLOWLY = """\
#!/bin/sh
sleep {seconds}
exec {directory}/bin/start-at-once "$@"
"""


def also(host: Host, line: str) -> None:
    """Add ``line`` to the last check of monit's control file, and have it read."""
    host.write_monitrc(extra=f"  {line}\n")
    host.ask_monit("reload")
    host.until_watched(20)


def test_a_child_of_the_old_process_that_holds_the_port_is_no_proof(
    trouble_in: MakeTrouble,
) -> None:
    shop = trouble_in(lines="instance")
    wrap(shop.fleet, shop.fleet.hosts["web1"])
    shop.before = shop.fleet.processes()

    ended = shop.rollout()

    assert ended.code == 6, ended.said
    assert "web1   out (maint)" in ended.said
    assert f"{ONE}: pid " in ended.said
    assert "(python" in ended.said
    assert (
        f"from before the restart still listens on port {shop.fleet.hosts['web1'].ports[ONE]}"
        in (ended.said)
    )
    assert shop.admin("web1-8000") == MAINT
    assert shop.same("web2")


def test_a_helper_that_outlives_its_server_is_noted(trouble_in: MakeTrouble) -> None:
    shop = trouble_in(lines="instance")
    wrap(shop.fleet, shop.fleet.hosts["web1"], BESIDE)
    shop.before = shop.fleet.processes()

    ended = shop.rollout()

    assert ended.code == 0, ended.said
    assert f"(sleep), a process of {ONE} from before the restart, has not ended" in ended.said
    assert shop.all_ready
    assert shop.new_processes("web1")


@pytest.mark.parametrize(
    "rule", ["if uptime < 1 hours then alert", "if totalmem > 1 MB for 1 cycles then alert"]
)
def test_a_rule_that_only_alerts_neither_refuses_nor_keeps_out(
    trouble_in: MakeTrouble, rule: str
) -> None:
    shop = trouble_in()
    for host in shop.fleet.hosts.values():
        host.write_monitrc(extra=f"  {rule}\n")
        host.ask_monit("reload")
    word = "Uptime failed" if "uptime" in rule else "Resource limit matched"
    for host in shop.fleet.hosts.values():
        until(lambda host=host: word in host.ask_monit("-B", "status"), word, 20)  # type: ignore[misc]

    check = shop.rollout("check")
    ended = shop.rollout()

    assert check.code == 0, check.said
    assert f"{ONE} runs, and monit reports for it: {word}" in check.said + check.data
    assert "monit start" not in check.said + check.data
    assert ended.code == 0, ended.said
    assert shop.all_ready
    assert shop.new_processes("web1")
    assert shop.new_processes("web2")


def test_an_instance_that_depends_on_another_stops_a_restart_by_instance(
    trouble_in: MakeTrouble,
) -> None:
    shop = trouble_in(lines="instance", instances=2)
    web1 = shop.fleet.hosts["web1"]
    also(web1, f"depends on {ONE}")

    also(shop.fleet.hosts["web2"], f"depends on {ONE}")

    ended = shop.rollout("restart", "--by", "instance")

    assert ended.code == 5, ended.said
    assert f"web1: mongrel_8001 got a new process when {ONE} was asked to restart" in ended.said
    assert "--by host" in ended.said
    log = (web1.directory / "monit.log").read_text()
    assert log.count("restart on user request") == 1
    until(lambda: shop.all_ready, "both serve", 20)
    typed = type_line(shop.fleet, dict(steps_in(ended.said))["go on"])
    assert typed.code == 0, typed.said
    assert "1 of 1 host restarted" in typed.said
    assert log.count("restart on user request") == 1, "web1 is not restarted once more"


def test_an_instance_that_depends_on_an_earlier_one_is_restarted_once(
    trouble_in: MakeTrouble,
) -> None:
    shop = trouble_in(instances=2)
    web1 = shop.fleet.hosts["web1"]
    also(web1, f"depends on {ONE}")

    ended = shop.rollout("restart", "--hosts", "web1", "--instances-at-a-time", "1")

    assert ended.code == 0, ended.said
    assert "note: monit restarted mongrel_8001 as well: not asked again" in ended.said
    log = (web1.directory / "monit.log").read_text()
    assert log.count("restart on user request") == 1
    assert shop.all_ready
    assert shop.new_processes("web1")


@pytest.mark.timeout(120)
def test_a_process_that_monit_keeps_goes_back_into_rotation(trouble_in: MakeTrouble) -> None:
    shop = trouble_in()
    shop.settings(restart__running_timeout="60s")
    also(shop.fleet.hosts["web1"], 'restart program = "/bin/true"')

    ended = shop.rollout(timeout=90)

    assert ended.code == 5, ended.said
    assert "put back, with the processes that it had" in ended.said
    assert "take `restart program` out of monit's control file" in ended.said
    assert shop.untouched


def test_a_monit_at_work_is_waited_for_before_its_server_is_taken_out(
    trouble_in: MakeTrouble,
) -> None:
    shop = trouble_in(start_timeout=12)
    shop.settings(restart__running_timeout="25s")
    web2 = shop.fleet.hosts["web2"]
    start = web2.directory / "bin" / "start"
    start.rename(start.with_name("start-at-once"))
    write_program(start, SLOWLY.format(seconds=5, directory=web2.directory))

    running = shop.start()
    running.until_says("restart requested")
    web2.ask_monit("restart", ONE)
    running.until_says("monit is busy with mongrel_8000 (restart pending)")
    ended = running.end()

    assert ended.code == 0, ended.said
    assert shop.all_ready
    log = (web2.directory / "monit.log").read_text()
    assert log.count("restart on user request") == 2  # the operator's, and then ours
