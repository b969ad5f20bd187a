"""What another login of the machine can do to the lock: nothing, and its name is told."""

import asyncio
import json
import os
import re
import shlex
import subprocess
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from rollout.adapters.journal.serialization import spell_holder
from rollout.adapters.local.thread_pool import Pool
from rollout.adapters.lock.control import LockControl
from rollout.adapters.lock.lock_directory import HERE, LockDirectory, LockLocation
from rollout.adapters.lock.remote_lock import FleetLock
from rollout.model.control import ControlAnswer, ControlRequest, Outcome, Wanted
from rollout.model.errors import LockError, LockHeld, LockLost
from rollout.model.lock_state import Kind
from tests.support.left_out import ALICE, BOB, owned_target
from tests.support.logins import ALICE as ALICE_LOGIN
from tests.support.logins import BOB as BOB_LOGIN
from tests.support.logins import CAROL, STRANGER, TEAM, UIDS, Logins, settings_for, tree

pytestmark = pytest.mark.integration

T = TypeVar("T")

ABORT = ControlRequest(wanted=Wanted.ABORT, by=replace(ALICE, run="ab0471", kind=Kind.MANUAL))

DEAD = {**spell_holder(ALICE), "process": {**spell_holder(ALICE)["process"], "pid": 4_000_000}}
CRON = "0-23 1-31 1-12 0-7 root /attacker/payload.sh"
"""With a run id before it: a line of a crontab."""

FORGE = r"""
import json, os, sys
where, holder, before, victim = sys.argv[1:]
os.umask(0)
os.makedirs(where, exist_ok=True)
for lock in (where + "/rollout-shop.lock", where + "/rollout-shop/lock"):
    os.makedirs(lock, mode=0o777, exist_ok=True)
    for name, text in {"run": "a11ce0", "holder": holder, "before": before, "owned": "{}",
                       "beats": "0"}.items():
        with open(f"{lock}/{name}", "w") as file:
            file.write(text + "\n")
    for name in ("before", "holder", "run", "owned", "beats"):
        for new in (f".{name}", f".{name}.new"):
            os.symlink(victim, f"{lock}/{new}")
"""
"""Plants a lock of a run that is dead for certain, and links where its taker would write."""

COMMANDS = (
    ("lock",),
    ("lock", "acquire", "--reason", "a test"),
    ("lock", "release", "--yes"),
    ("lock", "break", "--yes"),
    ("recover", "--yes"),
    ("restart", "--cron"),
)


def now(scenario: Coroutine[object, object, T]) -> T:
    return asyncio.run(scenario)


def lock_of(
    logins: Logins, name: str, pool: Pool, path: Path, *, or_own: bool = False
) -> FleetLock:
    directory = LockLocation(path=str(path), app="shop", group=TEAM, or_own=or_own)
    return FleetLock([LockDirectory(HERE, logins.machine(name), pool.call, directory, timeout=20)])


def control_of(logins: Logins, name: str, pool: Pool, path: Path) -> LockControl:
    directory = LockLocation(path=str(path), app="shop", group=TEAM)
    return LockControl(
        [LockDirectory(HERE, logins.machine(name), pool.call, directory, timeout=20)]
    )


def forge(logins: Logins, where: Path) -> Path:
    """Plant a lock as the stranger; return the file of root's that its links lead to."""
    victim = logins.directory / "victim"
    victim.write_text("root's\n")
    victim.chmod(0o600)
    logins.python(STRANGER, FORGE, str(where), json.dumps(DEAD), f"0-59 {CRON}", str(victim))
    return victim


def sticky(logins: Logins) -> Path:
    """Make what /var/tmp is: root's, and every login may write there."""
    path = logins.directory / "tmp"
    path.mkdir()
    path.chmod(0o1777)
    return path


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("login", ["root", ALICE_LOGIN])
def test_a_lock_where_every_login_may_write_is_not_believed(
    logins: Logins, login: str, command: tuple[str, ...]
) -> None:
    where = sticky(logins)
    victim = forge(logins, where)
    planted = tree(where)
    config = settings_for(logins, {"directory": where})

    said = logins.rollout(login, config, *command)

    assert said.returncode == 3, said.stdout + said.stderr
    assert f"{where}: every login may write there (mode 1777), not believed" in said.stderr
    assert victim.read_text() == "root's\n"
    assert tree(where) == planted


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_directory_that_a_stranger_made_is_not_believed_and_the_stranger_is_named(
    logins: Logins, command: tuple[str, ...]
) -> None:
    where = sticky(logins) / "lock"
    victim = forge(logins, where)
    planted = tree(where)
    config = settings_for(logins, {"directory": where})

    said = logins.rollout("root", config, *command)

    assert said.returncode == 3, said.stdout + said.stderr
    assert f"{where}: made by {STRANGER}, not believed" in said.stderr
    assert victim.read_text() == "root's\n"
    assert tree(where) == planted
    typed = re.search(r"`(ls -ld [^`]+)` shows it", said.stderr)
    assert typed, said.stderr
    shown = logins.run("root", shlex.split(typed[1]))
    assert shown.returncode == 0
    assert STRANGER in shown.stdout


@pytest.mark.parametrize("link", ["directory", "above"])
def test_a_link_in_the_place_of_a_directory_is_not_followed(
    logins: Logins, pool: Pool, link: str
) -> None:
    real = logins.for_the_team(logins.directory / "real")
    logins.for_the_team(real / "lock")
    where = logins.directory / "link"
    where.symlink_to(real)
    path = where if link == "directory" else where / "lock"
    ours = lock_of(logins, "root", pool, path)
    with pytest.raises(LockError, match="it is a symbolic link made by root, not believed"):
        now(ours.take(ALICE))
    assert tree(real / "lock") == {}


def test_a_lock_is_not_believed_where_another_group_could_move_it_away(
    logins: Logins, pool: Pool
) -> None:
    """Debian has such a directory: /var/local, of the group staff.  A lock that was moved away is
    one that seems to be free."""
    above = logins.directory / "local"
    above.mkdir()
    where = logins.for_the_team(above / "lock")
    ours = lock_of(logins, ALICE_LOGIN, pool, where)
    now(ours.take(ALICE))
    os.chown(above, 0, UIDS[STRANGER])
    above.chmod(0o2775)
    assert logins.shell(STRANGER, f"mv {where} {where}.away").status == 0
    with pytest.raises(LockError, match=f"the group {STRANGER} may write there"):
        now(lock_of(logins, ALICE_LOGIN, pool, where).take(BOB))
    os.chown(above, UIDS[ALICE_LOGIN], UIDS[ALICE_LOGIN])
    (above / "lock.away").rename(where)
    assert now(ours.release()) == (), "the owner's own group is no other login's"


def test_a_stranger_can_neither_stop_nor_read_a_lock_of_the_team(
    logins: Logins, pool: Pool
) -> None:
    where = logins.for_the_team(logins.directory / "lock")
    ours = lock_of(logins, ALICE_LOGIN, pool, where)
    now(ours.take(ALICE))
    for attempt in (
        f"flock -n {where} true",
        f"flock -n {where}/rollout-shop true",
        f"mkdir {where}/rollout-other",
        f"mkfifo {where}/rollout-shop/settled",
        f"cat {where}/rollout-shop/lock/holder",
        f"echo '{{}}' >>{where}/rollout-shop/lock/asked",
        f"echo '{{}}' >>{where}/rollout-shop/answers",
        f"rm -r {where}/rollout-shop/lock",
        f"ls {where}",
    ):
        assert logins.shell(STRANGER, attempt).status != 0, attempt
    now(ours.keep((), everywhere=True))
    assert now(ours.release()) == ()


def test_who_is_not_of_the_team_is_told_so_and_gets_no_lock_of_its_own(
    logins: Logins, pool: Pool
) -> None:
    """With one of its own it would roll out beside the team."""
    where = logins.for_the_team(logins.directory / "team")
    logins.for_the_team(where / "lock")
    theirs = lock_of(logins, CAROL, pool, where / "lock", or_own=True)
    with pytest.raises(LockError, match=f"{CAROL} may not enter {where}"):
        now(theirs.take(BOB))
    assert not (logins.home(CAROL) / ".local").exists()


# ---- the team


def test_a_lock_of_one_member_is_seen_and_taken_over_by_another_and_by_root(
    logins: Logins, pool: Pool
) -> None:
    where = logins.for_the_team(logins.directory / "lock")
    first = lock_of(logins, ALICE_LOGIN, pool, where)
    now(first.take(ALICE))
    now(first.keep((owned_target("web1"),), everywhere=True))
    second = lock_of(logins, BOB_LOGIN, pool, where)
    (seen,) = now(second.look())
    assert (seen.owner, seen.owned_targets, seen.made_by) == (
        ALICE,
        (owned_target("web1"),),
        ALICE_LOGIN,
    )
    with pytest.raises(LockHeld):
        now(second.take(BOB))
    now(second.take_over(ALICE.run, BOB))
    now(second.keep((), everywhere=True))
    assert now(second.release()) == ()
    third = lock_of(logins, "root", pool, where)
    now(third.take(ALICE))
    now(second.take_over(ALICE.run, BOB))
    assert now(second.release()) == ()
    assert now(third.settled()) == {ALICE.run: BOB.run}


def test_a_member_may_ask_the_run_of_another_and_of_root_and_a_stranger_may_not(
    logins: Logins, pool: Pool
) -> None:
    where = logins.for_the_team(logins.directory / "lock")
    for owner in (ALICE_LOGIN, "root"):
        ours = lock_of(logins, owner, pool, where)
        run = control_of(logins, owner, pool, where)
        now(ours.take(ALICE))
        bobs = control_of(logins, BOB_LOGIN, pool, where)
        now(bobs.ask(ALICE.run, ABORT))
        assert now(run.requests(ALICE.run)) == (ABORT,)
        stopping = ControlAnswer(request=ABORT.id, outcome=Outcome.STOPPING)
        now(run.answer(ALICE.run, stopping))
        assert now(bobs.answered(ALICE.run, ABORT.id)) == stopping
        for other in (CAROL, STRANGER):
            with pytest.raises(LockError, match="may not enter"):
                now(control_of(logins, other, pool, where).ask(ALICE.run, ABORT))
        assert now(run.requests(ALICE.run)) == (ABORT,)
        assert now(ours.release()) == ()


def test_what_a_stranger_asks_is_not_obeyed_and_the_run_notices_before_its_next_act(
    logins: Logins, pool: Pool
) -> None:
    """A directory that was opened to all while a run was under way."""
    where = logins.for_the_team(logins.directory / "lock")
    ours = lock_of(logins, ALICE_LOGIN, pool, where)
    run = control_of(logins, ALICE_LOGIN, pool, where)
    now(ours.take(ALICE))
    for path in (where, where / "rollout-shop", where / "rollout-shop" / "lock"):
        path.chmod(0o777)
    line = json.dumps({"wanted": "abort", "by": spell_holder(ABORT.by)})
    said = logins.shell(STRANGER, f"echo {shlex.quote(line)} >{where}/rollout-shop/lock/asked")
    assert said.status == 0, said.err
    assert now(run.requests(ALICE.run)) == ()
    for path in (where, where / "rollout-shop", where / "rollout-shop" / "lock"):
        path.chmod(0o2770)
    assert now(run.requests(ALICE.run)) == (), "the file is still the stranger's"
    with pytest.raises(LockLost):
        now(ours.keep((), everywhere=True))


def test_a_freeze_of_one_member_is_released_by_another_only_after_a_yes(logins: Logins) -> None:
    where = logins.for_the_team(logins.directory / "lock")
    config = settings_for(logins, {"directory": where})
    taken = logins.rollout(ALICE_LOGIN, config, "lock", "acquire", "--reason", "moving racks")
    assert taken.returncode == 0, taken.stderr

    seen = logins.rollout(BOB_LOGIN, config, "lock")
    asked = logins.rollout(BOB_LOGIN, config, "lock", "release")
    still = logins.rollout(BOB_LOGIN, config, "lock")
    done = logins.rollout(BOB_LOGIN, config, "lock", "release", "--yes")
    after = logins.rollout(ALICE_LOGIN, config, "lock")

    assert "alice@" in seen.stdout
    assert "moving racks" in seen.stdout
    assert asked.returncode == 3
    assert "add --yes" in asked.stderr
    assert "alice@" in still.stdout
    assert done.returncode == 0, done.stderr
    assert "unlocked" in done.stderr
    assert "no run and no person holds the lock" in after.stdout
    assert re.search(r"bob@\S+ released what alice@", after.stdout)
    own = logins.rollout(ALICE_LOGIN, config, "lock", "acquire", "--reason", "again")
    back = logins.rollout(ALICE_LOGIN, config, "lock", "release")
    assert (own.returncode, back.returncode) == (0, 0)


def test_a_release_that_was_not_done_is_an_error(logins: Logins) -> None:
    where = logins.directory / "lock"
    where.mkdir(mode=0o755)
    config = settings_for(logins, {"directory": where, "group": ""})
    taken = logins.rollout("root", config, "lock", "acquire", "--reason", "a test")
    assert taken.returncode == 0, taken.stderr

    said = logins.rollout(ALICE_LOGIN, config, "lock", "release", "--yes")

    assert said.returncode == 3
    assert "unlocked" not in said.stderr
    assert "a test" in logins.rollout("root", config, "lock").stdout


def test_what_cannot_be_read_is_broken_by_another_member_and_kept_aside(logins: Logins) -> None:
    where = logins.for_the_team(logins.directory / "lock")
    config = settings_for(logins, {"directory": where})
    logins.rollout(ALICE_LOGIN, config, "lock", "acquire", "--reason", "a test")
    (where / "rollout-shop" / "lock" / "holder").write_text("garbage\n")

    refused = logins.rollout(BOB_LOGIN, config, "restart", "--cron")
    released = logins.rollout(BOB_LOGIN, config, "lock", "release", "--yes")
    shown = logins.rollout(BOB_LOGIN, config, "lock")
    broken = logins.rollout(BOB_LOGIN, config, "lock", "break", "--yes")
    free = logins.rollout(BOB_LOGIN, config, "lock")

    assert (refused.returncode, released.returncode) == (4, 3)
    assert "made by alice" in shown.stdout
    assert " lock break`" in shown.stdout
    assert broken.returncode == 0, broken.stderr
    assert "made by alice" in broken.stderr
    assert "no run and no person" in free.stdout
    (kept,) = (where / "rollout-shop").glob("broken.*")
    assert (kept / "holder").read_text() == "garbage\n"
    assert re.search(r"bob@\S+ broke the lock", free.stdout)


ODD = {
    "ln -sf /etc/shadow holder": "lock/holder: it is a symbolic link made by root",
    "rm run; mkfifo run": "lock/run: it is a fifo made by root",
    "yes a11ce0 | head -n 200000 >before": "lock/before: it has 1400000 bytes",
    "yes a11ce0 | head -n 501 | paste -sd ' ' >before": "no list of run ids",
    "chown 4001:4001 owned": "lock/owned: made by mallory",
    "echo '$(id)' >run": "its run is no run id",
    "rm owned; mkdir owned": "lock/owned: it is a directory made by root",
    "touch asked; chown 4001:4001 asked": "lock/asked: made by mallory",
    "ln -s /etc/shadow asked": "lock/asked: it is a symbolic link made by root",
    "touch paused; chown 4001:4001 paused": "lock/paused: made by mallory",
    """echo '{"held":[{"servers":[{"weight":300}]}]}' >owned""": "has taken out cannot be read",
}


@pytest.mark.parametrize("what", ODD)
def test_an_odd_lock_is_neither_free_nor_dead_and_can_be_broken(
    logins: Logins, pool: Pool, what: str
) -> None:
    where = logins.for_the_team(logins.directory / "lock")
    now(lock_of(logins, ALICE_LOGIN, pool, where).take(ALICE))
    lock = where / "rollout-shop" / "lock"
    subprocess.run(["sh", "-c", f"cd {lock} && {what}"], check=True)
    theirs = lock_of(logins, "root", pool, where)

    (seen,) = now(theirs.look())
    assert ODD[what] in seen.unreadable
    assert seen.owner.kind is Kind.UNKNOWN
    with pytest.raises(LockHeld):
        now(theirs.take(BOB))
    with pytest.raises(LockHeld):
        now(theirs.take_over(ALICE.run, BOB))
    now(theirs.take_over("", BOB, seize=(seen,)))
    (after,) = now(theirs.look())
    assert after.owner == BOB
    assert now(theirs.release()) == ()


def test_what_is_seized_is_what_was_shown(logins: Logins, pool: Pool) -> None:
    where = logins.for_the_team(logins.directory / "lock")
    first = lock_of(logins, ALICE_LOGIN, pool, where)
    now(first.take(ALICE))
    (where / "rollout-shop" / "lock" / "run").write_text("?\n")
    theirs = lock_of(logins, BOB_LOGIN, pool, where)
    seen = now(theirs.look())
    (where / "rollout-shop" / "lock").rename(where / "rollout-shop" / "aside")
    now(lock_of(logins, ALICE_LOGIN, pool, where).take(ALICE))
    with pytest.raises(LockHeld):
        now(theirs.take_over("", BOB, seize=seen))
    (still,) = now(theirs.look())
    assert still.owner == ALICE


def test_a_member_cannot_make_root_write_through_a_link(logins: Logins, pool: Pool) -> None:
    where = logins.for_the_team(logins.directory / "lock")
    victim = logins.directory / "victim"
    victim.write_text("root's\n")
    now(lock_of(logins, ALICE_LOGIN, pool, where).take(ALICE))
    lock = where / "rollout-shop" / "lock"
    for name in ("holder", "before", "run", "owned", "beats", "ended", "asked", "paused"):
        logins.shell(ALICE_LOGIN, f"ln -s {victim} {lock}/.{name}.new")
    for name in (".settled.new", ".answers.new", f".new.{BOB.run}", f".gone.{BOB.run}"):
        logins.shell(ALICE_LOGIN, f"ln -s {victim} {where}/rollout-shop/{name}")
    roots = lock_of(logins, "root", pool, where)
    now(roots.take_over(ALICE.run, BOB))
    now(roots.keep((), everywhere=True))
    steered = control_of(logins, "root", pool, where)
    now(steered.ask(BOB.run, ABORT))
    now(steered.answer(BOB.run, ControlAnswer(request=ABORT.id, outcome=Outcome.STOPPING)))
    now(steered.show_pause(BOB.run, "root"))
    now(roots.leave_behind("a test"))
    assert now(roots.release()) == ()
    assert victim.read_text() == "root's\n"


# ---- where no directory was made for a team


def test_without_a_directory_for_the_team_the_lock_is_the_logins_own_and_check_says_so(
    logins: Logins, pool: Pool
) -> None:
    path = logins.directory / "not-made" / "lock"
    ours = lock_of(logins, ALICE_LOGIN, pool, path, or_own=True)
    now(ours.take(ALICE))
    assert (logins.home(ALICE_LOGIN) / ".local/state/rollout/lock/rollout-shop/lock").is_dir()
    findings, notes = now(ours.examine())
    assert findings == ()
    assert f"for the login {ALICE_LOGIN} alone" in notes[0].what
    now(ours.release())


def test_a_lock_from_before_the_directory_was_made_still_counts(logins: Logins, pool: Pool) -> None:
    path = logins.directory / "team" / "lock"
    ours = lock_of(logins, ALICE_LOGIN, pool, path, or_own=True)
    now(ours.take(ALICE))
    logins.for_the_team(path.parent)
    logins.for_the_team(path)
    with pytest.raises(LockHeld):
        now(lock_of(logins, ALICE_LOGIN, pool, path, or_own=True).take(BOB))
    now(ours.keep((), everywhere=True))
    assert now(ours.release()) == ()
    now(lock_of(logins, ALICE_LOGIN, pool, path, or_own=True).take(BOB))
    assert (path / "rollout-shop" / "lock").is_dir()


def test_a_home_in_which_strangers_write_is_no_place_for_a_lock(logins: Logins, pool: Pool) -> None:
    state = logins.home(ALICE_LOGIN) / ".local/state/rollout"
    logins.shell(ALICE_LOGIN, f"mkdir -p {state} && chmod 777 {state}")
    ours = lock_of(logins, ALICE_LOGIN, pool, logins.directory / "no" / "lock", or_own=True)
    with pytest.raises(LockError, match="every login may write there"):
        now(ours.take(ALICE))
