"""Whatever an earlier run left, `check` ends as `restart` does a moment later, for its reasons."""

import json
from collections.abc import Callable

import pytest

from tests.integration.trouble.conftest import Troubled
from tests.support.bastion import Bastion, kill_9
from tests.support.fault_places import a_visitor_stays

pytestmark = pytest.mark.integration


def left_out(shop: Troubled, ours: Bastion) -> None:
    """Let a run end with web1 out of rotation."""
    web1 = shop.fleet.hosts["web1"]
    web1.break_boot()
    assert ours.rollout("restart").code == 6
    web1.heal()
    web1.until_up(20)
    web1.until_watched(20)


def abandoned(shop: Troubled, ours: Bastion) -> None:
    shop.settings(fleet__floor=0)
    left_out(shop, ours)
    assert ours.rollout("recover", "--abandon", "--yes").code == 0


def killed(shop: Troubled, ours: Bastion) -> None:
    """Let a run die while web1 is in drain."""
    with a_visitor_stays(shop.fleet, "web1") as finish:
        running = ours.start("restart", "--drain-timeout", "10s")
        running.until_says("web1 draining")
        kill_9(running)
        finish()


def killed_elsewhere(shop: Troubled, ours: Bastion) -> None:
    del ours
    killed(shop, Bastion(shop, "elsewhere"))


def held_by(shop: Troubled, ours: Bastion, **process: str) -> None:
    """Let a run whose process is not one of this boot of this machine hold the lock."""
    ours.rollout("lock", "acquire", "--reason", "the racks move")
    owner = shop.fleet.directory / "lock" / "rollout-shop" / "lock" / "holder"
    said = json.loads(owner.read_text())
    owner.write_text(json.dumps(said | {"kind": "run", "process": said["process"] | process}))


def alive_elsewhere(shop: Troubled, ours: Bastion) -> None:
    held_by(shop, ours, host="bastion2", machine="f" * 32, boot="elsewhere")


def of_an_earlier_boot(shop: Troubled, ours: Bastion) -> None:
    held_by(shop, ours, boot="0f0f0f0f-0000-4000-8000-000000000000")


def left_out_elsewhere(shop: Troubled, ours: Bastion) -> None:
    del ours
    left_out(shop, Bastion(shop, "elsewhere"))


def held_by_hand_elsewhere(shop: Troubled, ours: Bastion) -> None:
    del ours
    Bastion(shop, "elsewhere").rollout("lock", "acquire", "--reason", "the racks move")


def unreadable(shop: Troubled, ours: Bastion) -> None:
    ours.rollout("lock", "acquire", "--reason", "the racks move")
    (owner,) = (shop.fleet.directory / "lock").glob("rollout-shop/lock/holder")
    owner.write_bytes(b"\xff\xfe" + owner.read_bytes())


def no_place(shop: Troubled, ours: Bastion) -> None:
    """Let the place of the lock be no directory."""
    del ours
    (shop.fleet.directory / "lock").write_text("")


REDUCED = 6
STILL_OUT = "as long as it is out, each run ends with exit 6: `"
"""What check says where a run is let go ahead and still ends with what an earlier one left out."""

Leave = Callable[[Troubled, Bastion], None]

LEFT: dict[Leave, tuple[tuple[str, ...], int, str]] = {
    left_out: ((), 3, "out because of it: web1"),
    abandoned: ((), 0, ""),
    killed: ((), 3, "died; out because of it: web1"),
    killed_elsewhere: ((), 3, "died; out because of it: web1"),
    alive_elsewhere: ((), 4, "the lock is held by"),
    left_out_elsewhere: ((), 3, "out because of it: web1"),
    held_by_hand_elsewhere: ((), 4, "the racks move"),
    unreadable: ((), 4, "cannot be read"),
    no_place: ((), 3, "lock"),
}
"""What an earlier run left: the options, and how check and restart end, with what both say."""
ELSEWHERE = {
    "without the host": (left_out, ("--exclude", "web1"), 0, STILL_OUT),
    "another host": (left_out, ("--hosts", "web2"), 0, STILL_OUT),
    "another host of a run that died": (killed, ("--hosts", "web2"), 3, "out because of it: web1"),
}
CASES = {leave.__name__: (leave, *what) for leave, what in LEFT.items()} | ELSEWHERE
OVER = {left_out, left_out_elsewhere, killed, killed_elsewhere, of_an_earlier_boot}


@pytest.mark.parametrize(("leave", "options", "code", "words"), CASES.values(), ids=CASES)
def test_check_ends_as_restart_does(
    shop: Troubled, leave: Leave, options: tuple[str, ...], code: int, words: str
) -> None:
    ours = Bastion(shop, "bastion1")
    leave(shop, ours)
    if not options:
        lock_and_status_agree(ours, leave)

    checked = ours.rollout("check", *options)
    spelled = ours.rollout("--output", "json", "check", *options)
    planned = ours.rollout("plan", "restart", *options)
    restarted = ours.rollout("restart", *options)

    assert (checked.code, spelled.code) == (code, code), checked.said
    assert planned.code == code, planned.said
    assert words in planned.data
    assert restarted.code == (REDUCED if words == STILL_OUT else code)
    assert words in checked.data
    assert words in restarted.said or words == STILL_OUT
    assert json.loads(spelled.data)["fit"] == (code == 0)
    if leave is not abandoned:  # its host is the operators' now
        assert "not by rollout" not in checked.data


def test_lock_and_status_agree_that_a_run_of_an_earlier_boot_is_over(shop: Troubled) -> None:
    ours = Bastion(shop, "bastion1")
    of_an_earlier_boot(shop, ours)

    lock_and_status_agree(ours, of_an_earlier_boot)


def lock_and_status_agree(ours: Bastion, leave: Leave) -> None:
    """Hold that both say alike whether a run is over."""
    lock, status = ours.rollout("lock"), ours.rollout("status")
    held = ours.rollout("--output", "json", "lock").data
    run = json.loads(ours.rollout("--output", "json", "status").data)["run"]

    assert lock.code == status.code == (3 if leave is no_place else 0)
    if not held or not json.loads(held)["held"]:
        assert leave in {abandoned, no_place}
        return
    (owner,) = json.loads(held)["held"]
    assert owner["over"] == run["over"] == (leave in OVER)
    assert ("died" in lock.data) == ("died" in status.data)
