"""What is wrong before the first change: all is said, with its fix, and nothing is touched."""

import os
import shutil
import socket
import subprocess

import pytest

from examples.fleet.machine import make_key
from tests.integration.trouble.conftest import MakeTrouble, Troubled
from tests.support.fault_places import black_hole, say_of
from tests.support.started_runs import Ended

pytestmark = pytest.mark.integration

BUSY = 8.0
"""Seconds that Python, ssh and a busy machine may take in all, beside the deadlines."""


def refused(shop: Troubled, *words: str, code: int = 3) -> Ended:
    """Run a restart that must be refused, with nothing touched."""
    ended = shop.rollout(*(words or ("restart",)))
    assert ended.code == code, ended.said
    assert shop.untouched
    if code == 3:
        assert "refused, nothing was changed" in ended.said
    return ended


def cured(said: str, where: str, what: str) -> str:
    """Return the fix of the one finding about ``where`` that says ``what``."""
    lines = [line.strip() for line in said.splitlines()]
    rows = [line.partition("   ") for line in lines]  # the hosts that say the same share a row
    found = [
        n for n, (who, _, words) in enumerate(rows) if where in who.split(", ") and what in words
    ]
    assert len(found) == 1, said
    fix = lines[found[0] + 1]
    assert fix.startswith("fix: "), said
    return fix


def test_a_dead_monit_is_a_finding_and_the_check_says_the_same(shop: Troubled) -> None:
    shop.fleet.hosts["web2"].kill_monit()

    ended = refused(shop)
    checked = shop.rollout("check")

    assert "start monit" in cured(ended.said, "web2", "the monit daemon is not running")
    assert checked.code == 3
    assert "the monit daemon is not running" in checked.data


def test_a_frozen_monit_is_a_finding_within_monits_own_patience(shop: Troubled) -> None:
    shop.fleet.hosts["web2"].suspend_monit()

    ended = refused(shop)

    assert "restart monit" in cured(ended.said, "web2", "does not answer")
    assert ended.seconds < 2 * 5 + BUSY  # monit waits 5 s for its daemon, and it is asked twice


def test_a_dead_sshd_is_a_finding(shop: Troubled) -> None:
    shop.fleet.hosts["web2"].kill_sshd()

    ended = refused(shop)

    typed = f"ssh -F {shop.fleet.ssh_config} web2 true"
    assert typed in cured(ended.said, "web2", "connection refused")


@pytest.mark.parametrize("command", ["restart", "check", "status"])
def test_a_host_that_swallows_packets_costs_the_connect_timeout_and_no_more(
    shop: Troubled, command: str
) -> None:
    with black_hole() as (address, port):
        say_of(shop.fleet, "web2", HostName=address, Port=port)
        ended = shop.rollout(command)

    assert ended.code == 3
    assert shop.untouched
    assert "web2" in ended.said + ended.data
    assert 2 <= ended.seconds < 2 + BUSY


def test_a_frozen_sshd_costs_the_connect_timeout_and_no_more(shop: Troubled) -> None:
    shop.fleet.hosts["web2"].suspend_sshd()

    ended = refused(shop)

    cured(ended.said, "web2", "no ssh session within 2s")
    assert ended.seconds < 2 + BUSY


def test_an_unknown_host_key_is_a_finding_with_its_fingerprint(shop: Troubled) -> None:
    known = shop.fleet.directory / "known_hosts"
    known.write_text(known.read_text().splitlines()[0] + "\n")

    ended = refused(shop)

    print_of = fingerprint(shop, "web2")
    assert print_of in ended.said
    cured(ended.said, "web2", "host key")


def test_a_changed_host_key_is_a_finding_with_both_fingerprints_and_the_line_to_type(
    shop: Troubled,
) -> None:
    known, web2 = shop.fleet.directory / "known_hosts", shop.fleet.hosts["web2"]
    stranger = make_key(shop.fleet.directory / "stranger")
    known.write_text(known.read_text().replace(web2.public_key, stranger))

    ended = refused(shop)

    place = f"[{web2.place.address}]:{web2.place.ssh}"
    assert f"ssh-keygen -R '{place}' -f {known}" in ended.said
    assert fingerprint(shop, "web2") in ended.said
    assert fingerprint_of(shop.fleet.directory / "stranger.pub") in ended.said


def test_a_machine_under_two_names_is_refused_rather_than_restarted_twice(shop: Troubled) -> None:
    config = shop.fleet.ssh_config
    block = config.read_text().partition("Host web2")[0]
    config.write_text(config.read_text() + block.replace("Host web1", "Host shopbox"))
    shop.settings(fleet__hosts=["web1", "shopbox", "web2"])

    ended = refused(shop)

    assert "name it once" in cured(ended.said, "shopbox", "the same machine as web1")


def fingerprint(shop: Troubled, host: str) -> str:
    return fingerprint_of(shop.fleet.hosts[host].directory / "host_key.pub")


def fingerprint_of(key: os.PathLike[str]) -> str:
    listed = subprocess.run(
        ["ssh-keygen", "-l", "-f", key], capture_output=True, text=True, check=True
    )
    return listed.stdout.split()[1]


def test_a_host_without_an_address_is_a_finding(shop: Troubled) -> None:
    say_of(shop.fleet, "web2", HostName="web2.invalid")

    ended = refused(shop)

    cured(ended.said, "web2", "web2.invalid")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become nobody")
@pytest.mark.skipif(not shutil.which("sudo") or not shutil.which("runuser"), reason="no sudo")
def test_a_sudo_that_wants_a_password_is_a_finding_with_the_line_for_sudoers(
    shop: Troubled,
) -> None:
    shop.settings(monit__command="runuser -u nobody -- sudo -n monit")

    ended = refused(shop)

    assert "NOPASSWD" in cured(ended.said, "web2", "sudo refused")


def test_too_few_instances_are_a_finding_with_their_names(shop: Troubled) -> None:
    shop.settings(monit__instances=2)

    ended = refused(shop)

    cured(ended.said, "web1", "2 instances expected, monit has 1 (mongrel_8000)")


def test_an_instance_that_nobody_monitors_is_a_finding(shop: Troubled) -> None:
    shop.fleet.hosts["web1"].ask_monit("unmonitor", "mongrel_8000")

    ended = refused(shop)

    assert "monitor mongrel_8000" in cured(ended.said, "web1", "not monitored")


def test_an_instance_that_does_not_answer_is_a_finding_before_it_is_restarted(
    shop: Troubled,
) -> None:
    shop.settings(restart__probe="http://{host}:1/up")

    ended = refused(shop)

    cured(ended.said, "web1", "mongrel_8000 does not answer the probe")


def test_a_socket_that_is_not_there_is_a_finding_that_names_those_that_are(shop: Troubled) -> None:
    lb1 = shop.fleet.balancers["lb1"]
    socket_setting(shop, str(lb1.directory / "amdin.sock"))

    ended = refused(shop)

    assert str(lb1.socket) in cured(ended.said, "lb1", "amdin.sock does not exist")


def test_a_file_in_place_of_the_socket_is_a_finding(shop: Troubled) -> None:
    socket_setting(shop, str(shop.fleet.balancers["lb1"].config))

    ended = refused(shop)

    cured(ended.said, "lb1", "is not a socket")


def test_a_socket_that_may_only_look_is_a_finding_with_the_line_for_haproxy(
    shop: Troubled,
) -> None:
    socket_setting(shop, str(shop.fleet.balancers["lb1"].operator_socket))

    ended = refused(shop)

    assert "level admin" in cured(ended.said, "lb1", "has level operator")


def socket_setting(shop: Troubled, path: str) -> None:
    shop.settings(balancers__lb1__socket=path)


def test_a_stranger_behind_the_socket_is_a_finding(shop: Troubled) -> None:
    path = shop.fleet.directory / "stranger.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        socket_setting(shop, str(path))
        ended = refused(shop)

    cured(ended.said, "lb1", "no answer within 5s")
    assert ended.seconds < 5 + BUSY


def test_a_backend_that_haproxy_does_not_have_is_a_finding_with_the_nearest(
    shop: Troubled,
) -> None:
    shop.settings(balancers__lb1__backends=["ap"])

    ended = refused(shop)

    assert "app" in cured(ended.said, "lb1", "no backend ap")


def test_a_host_without_a_server_line_is_a_finding_that_shows_the_lines_there_are(
    shop: Troubled,
) -> None:
    shop.settings(fleet__server="{host}-8000")

    ended = refused(shop)

    assert "app/web1" in cured(ended.said, "web1", "no server line named web1-8000 in app")


def test_all_findings_come_at_once(shop: Troubled) -> None:
    shop.fleet.hosts["web1"].kill_monit()
    shop.fleet.hosts["web2"].kill_sshd()
    socket_setting(shop, str(shop.fleet.balancers["lb1"].operator_socket))

    ended = refused(shop)

    cured(ended.said, "web1", "the monit daemon is not running")
    cured(ended.said, "web2", "connection refused")
    cured(ended.said, "lb1", "has level operator")


def test_the_last_server_is_not_taken_unless_the_floor_says_that_it_may(
    trouble_in: MakeTrouble,
) -> None:
    shop = trouble_in(hosts=1)

    ended = refused(shop)
    accepted = shop.rollout("restart", "--floor", "0")

    assert "fleet.floor = 0 accepts" in cured(
        ended.said, "app@lb1", "the floor is 1 of 1 servers, and one target takes 1 of them out"
    )
    assert accepted.code == 0
    assert "1 of 1 host restarted" in accepted.said
    assert shop.all_ready
    assert shop.new_processes("web1")


def test_a_floor_that_can_never_hold_is_a_finding(shop: Troubled) -> None:
    ended = refused(shop, "restart", "--floor", "2")

    cured(ended.said, "app@lb1", "the floor is 2 of 2")


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["--hosts", "web1,wbe2"], "did you mean 'web2'"),
        (["--hosts", "web[1-3]"], "web3"),
        (["--exclude", "web9"], "web9"),
        (["--exclude", "web1,web2"], "no host is left"),
        (["--max-out", "0"], "--max-out"),
        (["--floor", "100%"], "no server could ever be taken out"),
        (["--drain-timeout", "5"], "--drain-timeout"),
    ],
)
def test_what_cannot_be_meant_is_said_before_anything_is_contacted(
    shop: Troubled, words: list[str], hint: str
) -> None:
    for host in shop.fleet.hosts.values():
        host.kill_sshd()  # whoever is contacted now would be a finding

    ended = refused(shop, "restart", *words, code=2)

    assert hint in ended.said
    assert "refused" not in ended.said


def test_a_host_that_is_named_twice_is_restarted_once(shop: Troubled) -> None:
    ended = shop.rollout("restart", "--hosts", "web2,web2,web[2-2]")

    assert ended.code == 0
    assert ended.said.count("restart requested") == 1
    assert shop.new_processes("web2")
    assert shop.same("web1")
