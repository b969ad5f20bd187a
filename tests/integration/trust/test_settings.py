"""Settings that another account could have written are not read, by root least of all."""

import os
from pathlib import Path

import pytest

from tests.support.accounts import TEAM, Accounts

pytestmark = pytest.mark.integration

SETTINGS = """\
app = "{app}"
[balancers.lb1]
ssh = "lb1.invalid"
[fleet]
hosts = ["web1"]
[ssh]
config = "{ssh}"
"""

SSH = """\
Match exec "id -u >> {proof}"
Host *
  ProxyCommand sh -c 'id -u >> {proof}'
"""
"""What `ssh -G` runs as soon as a host is looked up."""


def settings_of(accounts: Accounts, app: str = "shop") -> str:
    """Return settings with which the smallest look at a host runs a command of mallory's."""
    proof = accounts.place / "proof"
    proof.touch()
    proof.chmod(0o666)
    ssh = accounts.write(accounts.place / "ssh_config", SSH.format(proof=proof), by="mallory")
    return SETTINGS.format(app=app, ssh=ssh)


def was_run(accounts: Accounts) -> bool:
    return bool((accounts.place / "proof").read_text())


def public(accounts: Accounts, mode: int = 0o1777) -> Path:
    return accounts.directory(accounts.place / "public", by="root", mode=mode)


@pytest.mark.parametrize("name", ["root", "alice"])
@pytest.mark.parametrize("words", [("lock",), ("status",), ("--output", "json", "status")])
def test_a_file_that_an_outsider_planted_in_a_public_directory_runs_nothing(
    accounts: Accounts, name: str, words: tuple[str, ...]
) -> None:
    here = public(accounts)
    accounts.write(here / "rollout.toml", settings_of(accounts), by="mallory")
    done = accounts.rollout(name, *words, cwd=here)
    assert not was_run(accounts)
    assert done.returncode == 2
    ignored, missing = done.stderr.splitlines()
    assert ignored.startswith(
        f"rollout: ./rollout.toml is ignored: {here} is not trusted: every account may write to it "
        f"(owner root, group root, mode 1777); see `ls -ld {here}`; "
    )
    assert missing.startswith("rollout: no settings found: looked for rollout.toml, ")
    assert done.stdout == ""


@pytest.mark.parametrize("name", ["root", "alice"])
def test_a_repository_of_an_outsider_is_no_place_for_settings(
    accounts: Accounts, name: str
) -> None:
    here = accounts.directory(accounts.home("mallory") / "repo", by="mallory", mode=0o755)
    accounts.write(here / "rollout.toml", settings_of(accounts), by="mallory")
    done = accounts.rollout(name, "lock", cwd=here)
    assert not was_run(accounts)
    assert f"{here} is not trusted: it belongs to another account (owner mallory" in done.stderr


def test_the_settings_of_the_account_are_read_in_place_of_those_that_are_ignored(
    accounts: Accounts,
) -> None:
    here = public(accounts)
    accounts.write(here / "rollout.toml", settings_of(accounts, "forged"), by="mallory")
    own = accounts.home("alice") / ".config" / "rollout" / "rollout.toml"
    accounts.write(own, settings_of(accounts, "own"), by="alice")
    done = accounts.rollout("alice", "config", cwd=here)
    assert done.stdout.startswith('app = "own"')
    (line,) = done.stderr.splitlines()
    assert line.startswith("rollout: ./rollout.toml is ignored: ")
    mail = accounts.rollout("alice", "restart", "--cron", "--hosts", "web9", cwd=here)
    assert mail.stderr.startswith("rollout: ./rollout.toml is ignored: ")


@pytest.mark.parametrize(
    ("by", "mode", "why"),
    [
        ("mallory", 0o644, "it belongs to another account (owner mallory, group mallory, mode"),
        ("alice", 0o666, "every account may write to it (owner alice, group alice, mode 0666)"),
        ("bob", 0o644, "it belongs to another account (owner bob"),
    ],
)
def test_a_file_in_a_directory_of_ours_is_judged_too(
    accounts: Accounts, by: str, mode: int, why: str
) -> None:
    file = accounts.home("alice") / "rollout.toml"
    accounts.write(file, settings_of(accounts), by=by, mode=mode)
    done = accounts.rollout("alice", "config")
    assert done.returncode == 2
    assert f"./rollout.toml is ignored: {file} is not trusted: {why}" in done.stderr
    how = f"see `ls -ld {file}`; if you trust it, name it: `rollout --config ./rollout.toml`\n"
    assert how in done.stderr
    named = accounts.rollout("alice", "--config", "./rollout.toml", "config")
    assert named.stdout.startswith('app = "shop"'), "a file that is named is the operator's word"


@pytest.mark.parametrize(("mode", "code"), [(0o664, 0), (0o644, 0), (0o666, 2)])
def test_the_group_of_one_account_may_write_as_a_umask_of_002_lets_it(
    accounts: Accounts, mode: int, code: int
) -> None:
    here = accounts.directory(accounts.home("alice") / "fleet", by="alice", mode=0o775)
    accounts.write(here / "rollout.toml", settings_of(accounts), by="alice", mode=mode)
    done = accounts.rollout("alice", "config", cwd=here)
    assert done.returncode == code
    assert ("is ignored" in done.stderr) is bool(code)


@pytest.mark.parametrize(
    ("file", "line", "changed"),
    [
        ("group", "alice:x:4002:", "alice:x:4002:bob"),
        ("group", "alice:x:4002:", "alice:x:4002:mallory,alice"),
        ("passwd", "bob:x:4003:4003:", "bob:x:4003:4002:"),
    ],
)
def test_a_private_group_with_another_member_is_not_private(
    accounts: Accounts, file: str, line: str, changed: str
) -> None:
    known = accounts.place / file
    known.write_text(known.read_text().replace(line, changed))
    accounts.write(
        accounts.home("alice") / "rollout.toml", settings_of(accounts), by="alice", mode=0o664
    )
    done = accounts.rollout("alice", "config")
    assert "rollout.toml is not trusted: its group may write to it (owner alice" in done.stderr


def test_a_group_of_many_is_not_private_though_it_is_the_primary_one(accounts: Accounts) -> None:
    file = accounts.home("carol") / "rollout.toml"
    accounts.write(file, settings_of(accounts), by="carol", mode=0o664)
    os.chown(file, -1, 4200)
    done = accounts.rollout("carol", "config")
    assert "its group may write to it (owner carol, group users, mode 0664)" in done.stderr


def test_a_directory_of_the_team_is_no_place_for_settings_that_are_not_named(
    accounts: Accounts,
) -> None:
    here = accounts.directory(accounts.place / "team", by="root", mode=0o2775, group=TEAM)
    accounts.write(here / "rollout.toml", settings_of(accounts), by="alice")
    done = accounts.rollout("alice", "config", cwd=here)
    assert f"{here} is not trusted: its group may write to it" in done.stderr
    named = accounts.rollout("alice", "--config", "./rollout.toml", "config", cwd=here)
    assert named.returncode == 0


# root


@pytest.mark.parametrize("how", ["--config", "ROLLOUT_CONFIG"])
@pytest.mark.parametrize(
    ("by", "mode", "why"),
    [
        ("alice", 0o644, "it belongs to another account (owner alice"),
        ("root", 0o664, "its group may write to it (owner root, group root, mode 0664)"),
        ("root", 0o646, "every account may write to it"),
    ],
)
def test_root_reads_no_named_file_that_another_account_could_have_written(
    accounts: Accounts, how: str, by: str, mode: int, why: str
) -> None:
    file = accounts.place / "named.toml"
    accounts.write(file, settings_of(accounts), by=by, mode=mode)
    if how == "--config":
        done = accounts.rollout("root", how, str(file), "lock")
    else:
        done = accounts.rollout("root", "lock", ROLLOUT_CONFIG=str(file))
    assert not was_run(accounts)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"rollout: {how}: {file} is not read as root: {file} is not trusted: ")
    assert why in line
    assert f"see `ls -ld {file}`; keep it in /etc/rollout, owned by root" in line


def test_root_reads_no_file_below_a_directory_that_another_account_could_exchange(
    accounts: Accounts,
) -> None:
    above = accounts.directory(accounts.home("alice") / "infra", by="alice", mode=0o755)
    file = accounts.write(above / "etc" / "rollout.toml", settings_of(accounts), by="root")
    done = accounts.rollout("root", "--config", str(file), "lock")
    assert done.returncode == 2
    home = accounts.home("alice")
    assert f"{home} is not trusted: it belongs to another account (owner alice" in done.stderr
    here = accounts.rollout("root", "lock", cwd=file.parent)
    assert f"./rollout.toml is ignored: {home} is not trusted" in here.stderr
    assert not was_run(accounts)


def test_root_follows_no_link_of_another_account(accounts: Accounts) -> None:
    file = accounts.write(accounts.place / "real.toml", settings_of(accounts), by="root")
    link = public(accounts) / "link.toml"
    link.symlink_to(file)
    assert accounts.rollout("root", "--config", str(link), "config").returncode == 0
    os.chown(link, 4001, 4001, follow_symlinks=False)
    done = accounts.rollout("root", "--config", str(link), "config")
    assert done.returncode == 2
    assert f"{link} is not trusted: it is a link of another account (mallory)" in done.stderr


def test_root_does_not_read_the_configuration_of_the_account_that_typed_sudo(
    accounts: Accounts,
) -> None:
    own = accounts.home("alice") / ".config" / "rollout" / "rollout.toml"
    accounts.write(own, settings_of(accounts), by="alice")
    done = accounts.rollout("root", "lock", HOME=str(accounts.home("alice")))
    assert not was_run(accounts)
    assert done.returncode == 2
    assert done.stderr.startswith(
        f"rollout: {own} is ignored: {accounts.home('alice')} is not trusted: it belongs to another"
    )


def test_root_reads_what_is_roots_own(accounts: Accounts) -> None:
    own = accounts.home("root") / ".config" / "rollout" / "rollout.toml"
    accounts.write(own, settings_of(accounts), by="root", mode=0o644)
    assert accounts.rollout("root", "config").returncode == 0
    accounts.write(accounts.home("root") / "rollout.toml", settings_of(accounts, "here"), by="root")
    assert accounts.rollout("root", "config").stdout.startswith('app = "here"')


def test_root_is_not_held_up_by_a_fifo(accounts: Accounts) -> None:
    os.mkfifo(accounts.home("root") / "rollout.toml")
    done = accounts.rollout("root", "config")
    assert "rollout.toml is not trusted: it is no regular file (owner root)" in done.stderr
