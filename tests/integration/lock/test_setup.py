"""What `rollout setup` prints is typed as it stands, and makes the directories it is for."""

import pytest

from tests.support.logins import ALICE, BOB, CAROL, STRANGER, Logins, settings_for

pytestmark = pytest.mark.integration


def test_what_it_prints_makes_the_directory_for_a_login_and_its_team(logins: Logins) -> None:
    config = settings_for(logins)
    before = logins.rollout(CAROL, config, "lock", "acquire", "--reason", "a test")
    own = logins.home(CAROL) / ".local/state/rollout/lock/rollout-shop/lock"
    assert before.returncode == 0, before.stderr
    assert own.is_dir(), "the login's own serves until then"
    assert logins.rollout(CAROL, config, "lock", "release").returncode == 0

    printed = logins.rollout(CAROL, config, "setup")
    assert printed.returncode == 0, printed.stderr
    typed = logins.run("root", ["sh", "-e", "-c", printed.stdout])
    assert typed.returncode == 0, typed.stderr
    again = logins.run("root", ["sh", "-e", "-c", printed.stdout])
    assert again.returncode == 0, again.stderr

    after = logins.rollout(CAROL, config, "lock", "acquire", "--reason", "a test")
    assert after.returncode == 0, after.stderr
    assert not own.exists()
    assert "carol@" in logins.rollout(ALICE, config, "lock").stdout
    assert logins.rollout(BOB, config, "lock", "release", "--yes").returncode == 0
    refused = logins.rollout(STRANGER, config, "lock", "acquire", "--reason", "a test")
    assert refused.returncode == 3
    assert "mallory may not enter" in refused.stderr


def test_for_one_login_alone_the_directory_is_its_own(logins: Logins) -> None:
    where = logins.directory / "locks"
    config = settings_for(logins, {"directory": where, "group": ""})
    printed = logins.rollout(ALICE, config, "setup")
    assert logins.run("root", ["sh", "-e", "-c", printed.stdout]).returncode == 0
    assert where.stat().st_uid == 4002
    taken = logins.rollout(ALICE, config, "lock", "acquire", "--reason", "a test")
    assert taken.returncode == 0, taken.stderr
    other = logins.rollout(BOB, config, "lock")
    assert other.returncode == 3


@pytest.mark.parametrize("group", ["rollout", ""])
def test_typed_again_it_hands_over_nothing_that_a_member_has_put_in_the_place_of_the_lock(
    logins: Logins, group: str
) -> None:
    """The members may write in the directory above, so one could plant a link to root's things."""
    printed = logins.rollout(ALICE, settings_for(logins), "setup").stdout
    assert logins.run("root", ["sh", "-e", "-c", printed]).returncode == 0
    roots = logins.directory / "sudoers.d"
    roots.mkdir(mode=0o755)
    lock = "/var/lib/rollout/lock"
    planted = logins.shell(BOB, f"mv {lock} {lock}.old && ln -s {roots} {lock}")
    assert planted.status == 0, planted.err

    refused = logins.rollout("root", settings_for(logins), "lock")
    assert "a symbolic link made by bob, not believed" in refused.stderr
    again = logins.rollout(ALICE, settings_for(logins, {"group": group}), "setup").stdout
    typed = logins.run("root", ["sh", "-e", "-c", again])

    assert typed.returncode != 0
    assert "bob" in typed.stdout, "whose link it is"
    assert (roots.stat().st_uid, roots.stat().st_gid) == (0, 0)
    assert roots.stat().st_mode & 0o7777 == 0o755


@pytest.mark.parametrize("umask", ["000", "077"])
def test_what_it_prints_serves_whatever_the_umask_of_root_is(logins: Logins, umask: str) -> None:
    for group in ("", "rollout"):  # what one login had for itself becomes the team's
        config = settings_for(logins, {"group": group})
        printed = f"umask {umask}\n{logins.rollout(ALICE, config, 'setup').stdout}"
        typed = logins.run("root", ["sh", "-e", "-c", printed])
        assert typed.returncode == 0, typed.stderr
        taken = logins.rollout(ALICE, config, "lock", "acquire", "--reason", "a test")
        assert taken.returncode == 0, taken.stderr
        login = BOB if group else ALICE
        released = logins.rollout(login, config, "lock", "release", "--yes")
        assert released.returncode == 0, released.stderr
        lock = logins.shared / "lock"
        assert lock.stat().st_mode & 0o7777 == (0o2770 if group else 0o700)
        assert not (logins.home(ALICE) / ".local/state/rollout/lock").exists()
