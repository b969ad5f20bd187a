"""Server lines that come and go, that the file keeps out, or that a name or an address hides."""

import re
import time
from dataclasses import replace

import pytest

from examples.fleet import Fleet, Shape, until
from tests.integration.conftest import MakeFleet
from tests.integration.rolling.test_reloads import refused
from tests.support.newer_haproxy import newer_haproxy
from tests.support.observed_restart import (
    Watched,
    restart,
    restarted_whole,
    served_without_a_failure,
    visited,
    watched,
)

pytestmark = pytest.mark.integration

BRIEF = {"restart.stable": "300ms", "restart.drain_timeout": "1s"}
SMALL = Shape(hosts=2, instances=1, boot=0.5, checks="inter 200ms rise 2 fall 2")
PAIRS = Shape(hosts=2, boot=4, lines="instance", checks="inter 200ms rise 2 fall 2")


def brief(fleet: Fleet, **wishes: object) -> Fleet:
    dotted = {key.replace("__", "."): value for key, value in wishes.items()}
    fleet.settings({**BRIEF, **dotted})
    return fleet


def rewrite(fleet: Fleet, pattern: str, instead: str) -> None:
    """Change the file of lb1 and let HAProxy read it."""
    lb1 = fleet.balancers["lb1"]
    text, count = re.subn(pattern, instead, lb1.config.read_text(), flags=re.MULTILINE)
    assert count, pattern
    lb1.config.write_text(text)
    lb1.reload()
    until(lambda: "UP 1/" not in str(lb1.states()), "its checks have begun")


def changes(run: Watched) -> list[tuple[object, object]]:
    kind = "target.servers_changed"
    return [(e["gone"], e["new"]) for e in run.events if e["event"] == kind]


@pytest.fixture(params=["the machine's", "3.x"])
def haproxy(request: pytest.FixtureRequest) -> str:
    if request.param != "3.x":
        return PAIRS.haproxy
    if not (newer := newer_haproxy()):
        pytest.skip("no HAProxy 3 here: python3 -m tests.support.newer_haproxy fetches it")
    return newer


def test_a_line_that_a_reload_takes_away_costs_no_visitor_and_one_that_returns_is_taken(
    make_fleet: MakeFleet, haproxy: str
) -> None:
    """A reload puts both lines of a dead host back at once: HAProxy may try one after the other."""
    fleet = brief(make_fleet(replace(PAIRS, boot=6, haproxy=haproxy)))
    config = fleet.balancers["lb1"].config.read_text()

    with visited(fleet) as stage, watched(fleet, "--hosts", "web1") as run:
        run.until("instance.restarted", "web1")
        run.until(
            "instance.restarted", "web1"
        )  # an old process would be cut off in its last answer
        began = time.time()
        rewrite(fleet, r"^  server web1-8001 .*\n", "")
        run.until("target.servers_changed", "web1")
        fleet.balancers["lb1"].config.write_text(config)
        fleet.balancers["lb1"].reload()
        run.until("target.servers_changed", "web1")
        noticed = time.time()
        done = run.finish()
    outcome = stage.outcome(done)

    unlucky = [f for f in outcome.tally.failures if began - 2 <= f.at <= noticed + 2]
    assert [f for f in unlucky if refused(f)] == list(outcome.tally.failures)
    assert len(unlucky) <= 2
    assert outcome.new_processes == {"web1/mongrel_8000", "web1/mongrel_8001"}
    assert done.returncode == 0
    assert outcome.servers[1] == outcome.servers[0]
    assert changes(run) == [(["app/web1-8001@lb1"], []), ([], ["app/web1-8001@lb1"])]


def test_recover_ends_after_a_line_of_what_is_out_has_vanished(make_fleet: MakeFleet) -> None:
    fleet = brief(make_fleet(PAIRS))

    with watched(fleet) as run:
        run.until("instance.restarted", "web1")
        run.stop()
    rewrite(fleet, r"^  server web1-8001 .*\n", "")
    recovered = fleet.rollout("recover", "--yes", timeout=60)

    assert recovered.returncode == 0, recovered.stderr
    assert "web1-8001" not in recovered.stderr.rpartition("rollout: ")[2]
    assert {state.admin for state in fleet.balancers["lb1"].states().values()} == {0}


def test_a_server_of_run_time_is_held_and_given_back_and_may_be_deleted_meanwhile(
    make_fleet: MakeFleet,
) -> None:
    fleet = brief(make_fleet(PAIRS))
    lb1, web1 = fleet.balancers["lb1"], fleet.hosts["web1"]
    address = web1.place.url(web1.ports["mongrel_8000"])

    def add(name: str) -> None:
        lb1.command(f"experimental-mode on;add server app/{name} {address}")
        lb1.command(f"set server app/{name} state ready")

    add("extra")

    with visited(fleet) as stage, watched(fleet, "--hosts", "web1") as run:
        claimed = run.until("target.claimed", "web1")
        run.until("target.restart_asked", "web1")
        assert lb1.states()["app/extra"].admin == 1
        lb1.command("experimental-mode on;del server app/extra")
        run.until("target.servers_changed", "web1")
        add("late")
        run.until("target.servers_changed", "web1")
        done = run.finish()
    outcome = stage.outcome(done)

    served_without_a_failure(outcome)
    assert done.returncode == 0
    assert claimed["servers"] == ["app/web1-8000@lb1", "app/web1-8001@lb1", "app/extra@lb1"]
    assert changes(run) == [(["app/extra@lb1"], []), ([], ["app/late@lb1"])]
    assert lb1.states()["app/late"].admin == 0
    assert "app/extra" not in lb1.states()


def test_lines_that_the_file_keeps_out_skip_no_host_and_stay_as_they_are(
    make_fleet: MakeFleet,
) -> None:
    fleet = make_fleet(SMALL)
    brief(fleet, balancers__lb1__backends=None)
    places = [host.place.url(host.place.http) for host in fleet.hosts.values()]
    canary = [f"  server c{n} {place} check weight 0\n" for n, place in enumerate(places)]
    canary += [f"  server off{n} {place} check disabled\n" for n, place in enumerate(places)]
    rewrite(fleet, r"\Z", "\nbackend canary\n" + "".join(canary))

    outcome = restart(fleet)

    restarted_whole(outcome)
    assert outcome.servers[1]["lb1"]["canary/off0"].admin == 5
    assert outcome.servers[1]["lb1"]["canary/c0"].weight == 0


def test_a_frontend_and_a_backend_of_one_name_and_a_listen_section_are_read(
    make_fleet: MakeFleet,
) -> None:
    fleet = brief(make_fleet(SMALL), balancers__lb1__backends=["app", "other"])
    rewrite(fleet, "^frontend www", "frontend app")
    listen = f"\nlisten other\n  bind unix@{fleet.directory}/other.sock\n"
    for name, host in fleet.hosts.items():
        listen += f"  server {name} {host.place.url(host.place.http)} check inter 200ms\n"
    rewrite(fleet, r"\Z", listen)

    outcome = restart(fleet)

    restarted_whole(outcome)
    assert "other/web1@lb1" in outcome.done.stderr


@pytest.mark.parametrize("backends", [[], ["app"]], ids=["all", "named"])
def test_a_proxy_that_the_file_disables_is_passed_over(
    make_fleet: MakeFleet, backends: list[str]
) -> None:
    fleet = brief(make_fleet(SMALL), balancers__lb1__backends=backends)
    servers = "".join(
        f"  server {name} {host.place.url(host.place.http)} check inter 200ms\n"
        for name, host in fleet.hosts.items()
    )
    rewrite(fleet, r"\Z", f"\nbackend old\n  disabled\n{servers}")

    looked = [fleet.rollout(*words).returncode for words in (["check"], ["status"])]
    outcome = restart(fleet)

    assert looked == [0, 0]
    restarted_whole(outcome)
    assert "old/" not in outcome.done.stderr


def test_an_expected_backend_without_a_server_is_a_finding(make_fleet: MakeFleet) -> None:
    fleet = brief(make_fleet(SMALL), balancers__lb1__backends=["app", "empty"])
    rewrite(fleet, r"\Z", "\nbackend empty\n")

    done = fleet.rollout("check")

    assert done.returncode == 3
    assert "HAProxy shows no server in backend empty" in done.stdout


def test_visitors_that_haproxy_sends_into_maint_stop_the_run_before_the_restart(
    make_fleet: MakeFleet,
) -> None:
    words = ("force-persist if { always_true }",)
    fleet = brief(make_fleet(Shape(hosts=2, instances=1, boot=0.5, backend_lines=words)))

    # Many enough that one comes in the short time between maint and the restart.
    outcome = restart(fleet, pace=0.01)

    served_without_a_failure(outcome)
    assert outcome.done.returncode == 5
    assert "force-persist" in outcome.done.stderr
    assert outcome.new_processes == set()
    assert outcome.servers[1] == outcome.servers[0]


def test_the_last_active_server_goes_while_a_backup_serves(make_fleet: MakeFleet) -> None:
    fleet = brief(make_fleet(Shape(hosts=1, instances=1, boot=1, backup=True)))

    outcome = restart(fleet)

    restarted_whole(outcome)
    assert "spare" in outcome.tally.served_by


def test_what_operators_set_while_we_hold_a_server_is_left_so(make_fleet: MakeFleet) -> None:
    fleet = brief(make_fleet(Shape(hosts=1, boot=2, balancers=2)), fleet__floor=0)
    fleet.settings({**BRIEF, "fleet.floor": 0, "restart.stable": "3s"})

    with watched(fleet) as run:
        run.until("target.restart_asked", "web1")
        fleet.balancers["lb1"].command("set weight app/web1 7")
        run.until("target.returned", "web1")
        fleet.balancers["lb2"].command("set server app/web1 state drain")
        done = run.finish()

    said = str([event for event in run.events if event["event"] == "noted"])
    assert fleet.balancers["lb1"].states()["app/web1"].weight == 7
    assert "app/web1@lb1 was given weight 7" in said
    assert fleet.balancers["lb2"].states()["app/web1"].admin == 8
    assert "app/web1@lb2 was changed from outside" in said
    assert done.returncode == 0


def test_a_table_of_addresses_finds_what_haproxy_knows_by_others(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(SMALL)
    brief(fleet, fleet__addresses__web1="10.213.1.11")
    lost = fleet.rollout("check")
    addresses = {name: host.place.address for name, host in fleet.hosts.items()}
    table = {f"fleet.addresses.{name}": [address] for name, address in addresses.items()}
    fleet.settings({**BRIEF, **table})

    outcome = restart(fleet)

    assert lost.returncode == 3
    assert "[fleet.addresses]" in lost.stdout
    restarted_whole(outcome)


def test_a_floor_that_leaves_no_room_now_is_said_with_the_number_that_would(
    make_fleet: MakeFleet,
) -> None:
    fleet = brief(make_fleet(Shape(hosts=4, instances=1, boot=0.5)), fleet__floor=4)
    fleet.balancers["lb1"].command("set server app/web4 state maint")
    never = fleet.rollout("check")
    brief(fleet, fleet__floor=3)
    now = fleet.rollout("check")
    brief(fleet, fleet__floor=2)
    fit = fleet.rollout("check")

    assert never.returncode == 3
    assert "no restart is possible" in never.stdout
    assert "3 of 4 servers serve now: lower fleet.floor to 2" in never.stdout
    words = "3 of 4 servers serve now (1 is held out by operators)"
    assert words in now.stdout
    assert "fleet.floor = 2 would let one target go now" in now.stdout
    assert words not in fit.stdout
    assert (now.returncode, fit.returncode) == (0, 0)
