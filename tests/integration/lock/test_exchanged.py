"""A member exchanges a name just as root's script is about to use it: nothing is followed.

The moment is made certain: a program that the script runs makes the exchange before it does its
work.  The members of the team can do that at any time by trying, for the directories are theirs.
"""

import asyncio
import shlex
import shutil
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import pytest

from rollout.adapters.local.thread_pool import Pool
from rollout.adapters.lock.lock_directory import HERE, LockDirectory, LockLocation
from rollout.adapters.lock.remote_lock import FleetLock
from rollout.model.errors import LockError
from rollout.ports.commands import CommandResult
from tests.support.left_out import ALICE, BOB
from tests.support.logins import ALICE as ALICE_LOGIN
from tests.support.logins import CAROL, TEAM, Logins, settings_for, tree

pytestmark = pytest.mark.integration

T = TypeVar("T")

SHIM = """\
#!/bin/sh
case "{program} $*" in
{moment}) [ -e {done} ] || {{ : >{done}; {before} "$@"; {exchange}; {after} "$@"; exit; }} ;;
esac
exec {program} "$@"
"""


def now(scenario: Coroutine[object, object, T]) -> T:
    return asyncio.run(scenario)


class Exchange:
    """Runs scripts as root, one of whose programs exchanges something once, at one moment.

    Args:
        moment: The command line, as a pattern of the shell; its first word is the program.
        exchange: What the member types then.
        afterwards: The program has done its work by then.
    """

    def __init__(
        self, logins: Logins, moment: str, exchange: str, *, afterwards: bool = False
    ) -> None:
        self._machine = logins.machine("root")
        name = moment.partition(" ")[0]
        self._programs = logins.directory / "programs"
        self._programs.mkdir(exist_ok=True)
        self.done = logins.directory / "exchanged"
        program = shutil.which(name)
        assert program
        shim = self._programs / name
        shim.write_text(
            SHIM.format(
                program=program,
                moment="*" + moment.replace(" ", "?"),
                done=self.done,
                exchange=exchange,
                before=program if afterwards else ":",
                after=":" if afterwards else program,
            )
        )
        shim.chmod(0o755)

    def __call__(
        self, host: str, command: str, *, timeout: float, stdin: bytes | memoryview = b""
    ) -> CommandResult:
        path = f"PATH={shlex.quote(str(self._programs))}:$PATH; export PATH\n"
        return self._machine(host, path + command, timeout=timeout, stdin=stdin)


def roots_lock(exchange: Exchange, pool: Pool, where: Path) -> FleetLock:
    directory = LockLocation(path=str(where), app="shop", group=TEAM)
    return FleetLock([LockDirectory(HERE, exchange, pool.call, directory, timeout=20)])


def members_lock(logins: Logins, name: str, pool: Pool, where: Path) -> FleetLock:
    directory = LockLocation(path=str(where), app="shop", group=TEAM)
    return FleetLock([LockDirectory(HERE, logins.machine(name), pool.call, directory, timeout=20)])


@pytest.fixture
def where(logins: Logins) -> Path:
    return logins.for_the_team(logins.directory / "lock")


@pytest.fixture
def roots(logins: Logins) -> Path:
    """Make a directory of root's, with one of the name of a lock in it."""
    path = logins.directory / "roots"
    (path / "lock").mkdir(parents=True)
    for name in ("run", "secret"):
        (path / "lock" / name).write_text("root's own\n")
        (path / "lock" / name).chmod(0o600)
    return path


@pytest.mark.parametrize("moment", ["tail * acts", "dd if=acts*"])
def test_root_copies_no_file_for_the_team(
    logins: Logins, pool: Pool, where: Path, roots: Path, moment: str
) -> None:
    """The notes are copied into a file that the members can read."""
    now(members_lock(logins, ALICE_LOGIN, pool, where).note("the first"))
    secret = roots / "lock" / "secret"
    exchange = Exchange(logins, moment, f"mv acts aside; ln -s {secret} acts")
    now(roots_lock(exchange, pool, where).note("the second"))
    told = [content for _, _, content in tree(where).values()]
    assert any(b"the second" in content for content in told)
    assert not any(b"root's own" in content for content in told)


MOMENTS = {
    "the directory of the app": ("mv * before", "mv {app} {app}.aside; ln -s {roots} {app}"),
    "the lock": ("mv * settled", "mv {app}/lock {app}/aside; ln -s {roots}/lock {app}/lock"),
}


@pytest.mark.parametrize("what", MOMENTS)
def test_root_writes_into_no_other_directory_when_it_takes_over(
    logins: Logins, pool: Pool, where: Path, roots: Path, what: str
) -> None:
    now(members_lock(logins, ALICE_LOGIN, pool, where).take(ALICE))
    found = tree(roots)
    moment, typed = MOMENTS[what]
    typed = typed.format(app=where / "rollout-shop", roots=roots)
    exchange = Exchange(logins, moment, typed, afterwards=True)
    with suppress(LockError):  # it could not enter the lock
        now(roots_lock(exchange, pool, where).take_over(ALICE.run, BOB))
    assert exchange.done.exists()
    assert tree(roots) == found


def test_root_writes_into_no_other_directory_when_it_makes_a_lock(
    logins: Logins, pool: Pool, where: Path, roots: Path
) -> None:
    found = tree(roots)
    new = where / "rollout-shop" / f".new.{BOB.run}"
    exchange = Exchange(
        logins, f"mkdir *{new.name}", f"rmdir {new}; ln -s {roots} {new}", afterwards=True
    )
    with pytest.raises(LockError, match="cannot enter"):
        now(roots_lock(exchange, pool, where).take(BOB))
    assert exchange.done.exists()
    assert tree(roots) == found


def test_root_hands_no_other_directory_to_the_team(
    logins: Logins, pool: Pool, where: Path, roots: Path
) -> None:
    """The login that makes the directory of a lock gives it to the group."""
    lock = where / "below"
    before = roots.stat()
    exchange = Exchange(logins, "chgrp *", f"mv {lock} {lock}.aside; ln -s {roots} {lock}")
    with pytest.raises(LockError, match="not believed"):
        now(roots_lock(exchange, pool, lock).take(BOB))
    assert exchange.done.exists()
    assert (roots.stat().st_gid, roots.stat().st_mode) == (before.st_gid, before.st_mode)


def test_a_lock_that_the_login_may_not_see_is_not_called_free(
    logins: Logins, pool: Pool, where: Path
) -> None:
    logins.for_the_team(where / "below")
    config = settings_for(logins, {"directory": where / "below"})
    now(members_lock(logins, ALICE_LOGIN, pool, where / "below").take(ALICE))
    for words in (["lock"], ["lock", "release", "--yes"], ["recover", "--yes"], ["restart"]):
        said = logins.rollout(CAROL, config, *words)
        assert said.returncode == 3, (words, said.stdout + said.stderr)
        assert f"{CAROL} may not enter {where}" in said.stderr


def test_a_run_goes_on_where_the_team_gets_a_directory_that_its_login_may_not_enter_yet(
    logins: Logins, pool: Pool
) -> None:
    """A login takes a new group on only when it logs in again."""
    team = logins.directory / "team"
    directory = LockLocation(path=str(team / "lock"), app="shop", group=TEAM, or_own=True)
    ours = FleetLock([LockDirectory(HERE, logins.machine(CAROL), pool.call, directory, timeout=20)])
    now(ours.take(ALICE))
    logins.for_the_team(team)
    logins.for_the_team(team / "lock")
    now(ours.keep((), everywhere=True))
    assert now(ours.release()) == ()
    with pytest.raises(LockError, match=f"{CAROL} may not enter {team}"):
        now(ours.take(BOB))


@pytest.mark.parametrize("name", ["holder", "before", "owned", "run"])
def test_root_overwrites_no_file_through_a_link_that_a_member_plants(
    logins: Logins, pool: Pool, where: Path, roots: Path, name: str
) -> None:
    now(members_lock(logins, ALICE_LOGIN, pool, where).take(ALICE))
    secret = roots / "lock" / "secret"
    exchange = Exchange(logins, f"dd of=.{name}.new *", f"ln -s {secret} .{name}.new")
    theirs = roots_lock(exchange, pool, where)
    with suppress(LockError):
        now(theirs.take_over(ALICE.run, BOB))
        now(theirs.keep((), everywhere=True))
    assert exchange.done.exists()
    assert secret.read_text() == "root's own\n"
