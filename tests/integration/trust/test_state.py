"""Who may write in the state directory, and what a team sees of each other's runs."""

import json
import os
import stat
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest

from rollout.adapters.journal.files import KEPT, JournalFile, names_in
from rollout.adapters.journal.serialization import spell_holder, spell_holding
from tests.support.accounts import TEAM, UIDS, Accounts
from tests.support.left_out import ALICE, owned_target

pytestmark = pytest.mark.integration

SETTINGS = """\
app = "shop"
[balancers.lb1]
socket = "{place}/no.sock"
[fleet]
hosts = ["web1"]
[lock]
directory = "{lock}"
"""

PRELUDE = """\
import asyncio, json, os, sys
from pathlib import Path
from rollout.adapters.journal.writer import Journal
from rollout.adapters.journal.history import Journals
from rollout.adapters.local.process_identity import this_process
from rollout.adapters.journal.serialization import read_holding
from rollout.model.errors import RecordError
from rollout.paths import private_state_directory, state_directory

said = json.loads(sys.argv[1])
place = state_directory(os.environ)
history = Journals(place, "shop")


def begin(run):
    journal = Journal.begin(place, "shop", run)
    owner = {**said["owner"], **said.get("more", {}), "run": run}
    facts = dict(verb="restart", owner=owner, hosts=["web1"], flags={}, settings={}, done=[])
    journal.put("began", **facts)
    return journal


def hold(journal):
    asyncio.run(journal.held(read_holding(said["holding"])))


try:
    exec(said["script"])
except RecordError as error:
    print(f"refused: {error} / {error.fix}")
"""
"""What is run as an account: a few acts on the journals, as the program does them."""


def act(accounts: Accounts, name: str, script: str, **more: object) -> str:
    """Do something with the journals as ``name``; return what it printed."""
    done = accounts.run(name, *python(script, **more), umask="077")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def python(script: str, **more: object) -> list[str]:
    said = {
        "owner": spell_holder(ALICE),
        "holding": spell_holding(owned_target("web1", asked=True)),
        "script": script,
        **more,
    }
    return [sys.executable, "-c", PRELUDE, json.dumps(said)]


DIES = "hold(begin(said['run']))"
"""A run that has a server out, and ends without a word."""

SEES = "print(*(f'{past.run}:{len(past.owned_targets)}' for past in history.open_runs()))"


def died(accounts: Accounts, name: str, run: str) -> None:
    assert act(accounts, name, DIES, run=run) == ""


def modes(place: Path) -> set[tuple[int, int]]:
    found = [path.lstat() for path in place.iterdir() if path.is_file()]
    return {(stat.S_IMODE(one.st_mode), one.st_gid) for one in found}


# which directory


def place_of(accounts: Accounts, name: str, state: str = "") -> str:
    code = "import os; from rollout.paths import state_directory as f; print(f(os.environ))"
    return accounts.run(name, sys.executable, "-c", code, XDG_STATE_HOME=state).stdout.strip()


def test_the_members_and_root_use_the_directory_of_the_team(accounts: Accounts) -> None:
    own = {name: f"{accounts.home(name)}/.local/state/rollout" for name in UIDS}
    shared = "/var/lib/rollout"
    before = {name: place_of(accounts, name) for name in UIDS}
    assert before == {**own, "root": shared}
    accounts.share_state()
    after = {name: place_of(accounts, name) for name in UIDS}
    assert after == {**own, "root": shared, "alice": shared, "bob": shared}
    elsewhere = place_of(accounts, "alice", str(accounts.home("alice")))
    assert elsewhere == f"{accounts.home('alice')}/rollout"


@pytest.mark.parametrize(
    ("by", "mode", "group"),
    [
        *(("root", mode, TEAM) for mode in (0o770, 0o2750, 0o2775, 0o2777, 0o3770)),
        *(("root", 0o2770, group) for group in (0, 4200)),
        *((by, 0o2770, TEAM) for by in ("mallory", "alice")),
    ],
)
def test_a_directory_of_any_other_kind_is_not_the_teams(
    accounts: Accounts, by: str, mode: int, group: int
) -> None:
    accounts.directory(accounts.var_lib / "rollout", by=by, mode=mode, group=group)
    assert place_of(accounts, "alice") == f"{accounts.home('alice')}/.local/state/rollout"


@pytest.mark.parametrize(
    ("by", "mode", "why"),
    [
        ("root", 0o770, "its group may write to it (owner root, group rollout, mode 0770)"),
        ("root", 0o2777, "every account may write to it (owner root, group rollout, mode 2777)"),
        ("alice", 0o2770, "it belongs to another account (owner alice, group rollout, mode 2770)"),
    ],
)
def test_root_refuses_a_state_directory_in_which_others_could_have_written(
    accounts: Accounts, by: str, mode: int, why: str
) -> None:
    state = accounts.directory(accounts.var_lib / "rollout", by=by, mode=mode, group=TEAM)
    for script in (DIES, SEES):
        said = act(accounts, "root", script, run="aa")
        assert said == (
            f"refused: nothing is read or written: /var/lib/rollout is not trusted: {why}"
            " / ls -ld /var/lib/rollout"
        )
    assert list(state.iterdir()) == []


# a team


def test_what_one_member_writes_the_others_read_and_write_whatever_the_umask(
    accounts: Accounts,
) -> None:
    state = accounts.share_state()
    died(accounts, "alice", "aa")
    died(accounts, "bob", "bb")
    died(accounts, "root", "cc")
    assert modes(state) == {(0o660, TEAM)}
    assert {path.stat().st_uid for path in state.iterdir()} == {0, 4002, 4003}
    for name in ("alice", "bob", "root"):
        assert act(accounts, name, SEES) == "aa:1 bb:1 cc:1"
    assert act(accounts, "mallory", SEES) == ""
    refused = accounts.run("mallory", "ls", "/var/lib/rollout")
    assert "Permission denied" in refused.stderr


@pytest.mark.parametrize(("of", "by"), [("alice", "bob"), ("root", "alice"), ("alice", "root")])
def test_a_run_of_one_member_is_closed_by_another(accounts: Accounts, of: str, by: str) -> None:
    state = accounts.share_state()
    died(accounts, of, "aa")
    assert act(accounts, by, "history.settle('aa', 'bb')") == ""
    assert [act(accounts, name, SEES) for name in (of, by)] == ["", ""]
    (journal,) = state.iterdir()
    assert json.loads(journal.read_text().splitlines()[-1])["by"] == "bb"


def test_the_status_of_one_operator_shows_the_dead_run_of_another(accounts: Accounts) -> None:
    accounts.share_state()
    lock = accounts.directory(accounts.place / "lock", by="bob", mode=0o700)
    text = SETTINGS.format(place=accounts.place, lock=lock)
    accounts.write(accounts.home("bob") / "rollout.toml", text, by="bob")
    process = asdict(ALICE.process) | {"pid": 4_000_000}
    act(accounts, "alice", DIES, run="aa11", more={"process": process})
    done = accounts.rollout("bob", "status")
    assert "run aa11" in done.stdout, done.stdout + done.stderr
    assert "out because of it: web1" in done.stdout


def test_a_member_removes_old_journals_of_the_others_and_no_open_one(accounts: Accounts) -> None:
    state = accounts.share_state()
    for number in range(1, KEPT + 11):
        name = JournalFile(state, "shop", number, f"{number:06x}")
        for path in (name.journal, name.mark) if number == 3 else (name.journal,):
            path.touch()
            os.chown(path, UIDS["alice"], TEAM)
            path.chmod(0o660)
    act(accounts, "bob", "begin('abcdef').leave()")
    kept = [name.number for name in names_in(state, "shop")]
    assert kept == [3, *range(11, KEPT + 12)]


def test_runs_that_begin_at_the_same_moment_have_journals_of_their_own(accounts: Accounts) -> None:
    state = accounts.share_state()
    script = "[begin(f'{said[\"of\"]}{n:04x}').leave() for n in range(25)]"
    running = [
        subprocess.Popen(
            accounts.command(name, python(script, of=of)), env=accounts.environment(name)
        )
        for name, of in (("alice", "a"), ("bob", "b"), ("root", "c"))
    ]
    assert [one.wait(60) for one in running] == [0, 0, 0]
    names = names_in(state, "shop")
    assert len(names) == 75
    for of in "abc":
        assert [n.run for n in names if n.run[0] == of] == [f"{of}{n:04x}" for n in range(25)]
    assert act(accounts, "bob", "print(all(history.find(r) is None for r in ['a0001']))") == "True"


def test_the_process_of_another_member_is_seen_to_be_alive_and_to_be_gone(
    accounts: Accounts,
) -> None:
    accounts.share_state()
    script = (
        "from dataclasses import asdict; said['more'] = {'process': asdict(this_process())}; "
        "hold(begin('aa')); print('begun', flush=True); sys.stdin.read()"
    )
    asks = "print(*(history.is_gone(past.owner) for past in history.open_runs()))"
    with subprocess.Popen(
        accounts.command("alice", python(script)),
        env=accounts.environment("alice"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"begun\n"
        assert act(accounts, "bob", asks) == "False"
        running.kill()
    assert act(accounts, "bob", asks) == "True"


# what does not belong there


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("fifo", "it is no regular file (owner alice)"),
        ("link", "it is a link (owner alice)"),
        ("foreign", "it belongs to another account (owner mallory, group rollout, mode 0660)"),
        ("unknown", "it belongs to another account (owner uid 4999, group rollout, mode 0660)"),
        ("wide", "every account may write to it (owner alice, group rollout, mode 0666)"),
    ],
)
@pytest.mark.parametrize("script", [SEES, "history.last()", "history.settle('bb', 'cc')"])
def test_what_is_no_journal_of_a_member_is_neither_followed_nor_waited_for(
    accounts: Accounts, kind: str, why: str, script: str
) -> None:
    state = accounts.share_state()
    victim = accounts.write(accounts.place / "victim", "as it was\n", by="root", mode=0o666)
    name = JournalFile(state, "shop", 1, "bb")
    name.mark.touch()
    owner = {"foreign": UIDS["mallory"], "unknown": 4999}.get(kind, UIDS["alice"])
    if kind == "fifo":
        os.mkfifo(name.journal)
    elif kind == "link":
        name.journal.symlink_to(victim)
    else:
        name.journal.write_text("")
    os.chown(name.journal, owner, TEAM, follow_symlinks=False)
    if kind != "link":
        name.journal.chmod(0o666 if kind == "wide" else 0o660)
    began = time.monotonic()
    for account in ("bob", "root"):
        said = act(accounts, account, script)
        path = f"/var/lib/rollout/{name.journal.name}"
        assert said.startswith(f"refused: nothing is read or written: {path} is not trusted: {why}")
        assert f" / ls -ld {path}" in said
    assert time.monotonic() - began < 20
    assert victim.read_text() == "as it was\n"


def test_a_mark_that_was_exchanged_for_a_link_costs_nothing_but_itself(accounts: Accounts) -> None:
    state = accounts.share_state()
    victim = accounts.write(accounts.place / "victim", "as it was\n", by="root")
    (accounts.place / "victim").chmod(0o644)
    script = (
        "journal = begin('aa'); hold(journal); mark = journal.file.with_suffix('.open'); "
        "mark.unlink(); mark.symlink_to(said['victim']); journal._spend(); journal.leave()"
    )
    assert act(accounts, "root", script, victim=str(victim)) == ""
    assert victim.read_text() == "as it was\n"
    assert "aa:1" in act(accounts, "bob", SEES), "a dangling or strange mark is still a mark"
    assert (state / "shop.000001.aa.open").is_symlink()


def test_a_link_to_nothing_in_place_of_a_mark_hides_no_open_run(accounts: Accounts) -> None:
    state = accounts.share_state()
    died(accounts, "alice", "aa")
    mark = state / "shop.000001.aa.open"
    mark.unlink()
    mark.symlink_to("nowhere")
    assert act(accounts, "bob", SEES) == "aa:1"


def test_a_journal_of_a_former_member_is_named_with_what_keeps_it(accounts: Accounts) -> None:
    state = accounts.share_state()
    died(accounts, "alice", "aa")
    groups = accounts.place / "group"
    groups.write_text(groups.read_text().replace("rollout:x:4100:alice,bob", "rollout:x:4100:bob"))
    path = "/var/lib/rollout/shop.000001.aa.jsonl"
    said = act(accounts, "bob", SEES)
    assert said.startswith(
        f"refused: nothing is read or written: {path} is not trusted: it belongs"
    )
    assert said.endswith(f" / ls -ld {path}; if it is of a former operator: sudo chown root {path}")
    fix = said.partition("sudo ")[2]
    assert accounts.run("root", "sh", "-c", fix).returncode == 0
    assert act(accounts, "bob", SEES) == "aa:1"
    assert modes(state) == {(0o660, TEAM)}


def test_a_journal_from_before_the_directory_was_shared_is_named_with_what_opens_it(
    accounts: Accounts,
) -> None:
    died(accounts, "root", "aa")
    state = accounts.var_lib / "rollout"
    assert modes(state) == {(0o600, 0)}
    accounts.share_state()
    said = act(accounts, "bob", SEES)
    path = "/var/lib/rollout/shop.000001.aa.jsonl"
    assert said == (
        f"refused: {path} cannot be read: Permission denied / "
        f"sudo chgrp {TEAM} {path} && sudo chmod 660 {path}"
    )
    fix = said.partition(" / ")[2].replace("sudo ", "")
    assert accounts.run("root", "sh", "-c", fix).returncode == 0
    assert act(accounts, "bob", SEES) == "aa:1"


# a private one


@pytest.mark.parametrize("name", ["root", "alice"])
@pytest.mark.parametrize(
    ("by", "mode", "why"),
    [
        ("mallory", 0o777, "it belongs to another account (owner mallory, "),
        ("mallory", 0o700, "it belongs to another account (owner mallory, "),
        ("self", 0o777, "every account may write to it"),
    ],
)  # fmt: skip
def test_a_planted_state_directory_is_neither_read_nor_written(
    accounts: Accounts, name: str, by: str, mode: int, why: str
) -> None:
    public = accounts.directory(accounts.place / "public", by="root", mode=0o1777)
    planted = public / "rollout"
    accounts.directory(planted, by=name if by == "self" else by, mode=mode)
    forged = JournalFile(planted, "shop", 1, "aa11bb")
    for path in (forged.journal, forged.mark):
        path.write_text("{}\n")
        os.chown(path, 4001, 4001)
    lock = accounts.directory(accounts.place / "lock", by=name, mode=0o700)
    text = SETTINGS.format(place=accounts.place, lock=lock)
    accounts.write(accounts.home(name) / "rollout.toml", text, by=name)
    before = sorted(path.name for path in planted.iterdir())
    for words in (("restart",), ("recover", "--yes"), ("resume", "--yes"), ("status",)):
        done = accounts.rollout(name, *words, XDG_STATE_HOME=str(public))
        assert done.returncode == 3, done.stderr
        everything = " ".join((done.stdout + done.stderr).split())
        assert f"{planted} is not trusted: {why}" in everything
        assert f"ls -ld {planted}" in everything
    assert sorted(path.name for path in planted.iterdir()) == before


@pytest.mark.parametrize("by", ["mallory", "alice"])
def test_git_and_the_build_steps_do_not_work_in_a_planted_directory(
    accounts: Accounts, by: str
) -> None:
    planted = accounts.directory(accounts.place / "public" / "rollout", by=by, mode=0o700)
    lock = accounts.directory(accounts.place / "lock", by="alice", mode=0o700)
    text = SETTINGS.format(place=accounts.place, lock=lock)
    text += '[deploy]\nto = "/srv/shop"\nstrategy = "push"\nrepo = "/srv/shop.git"\n'
    accounts.write(accounts.home("alice") / "rollout.toml", text, by="alice")
    done = accounts.rollout("alice", "check", XDG_STATE_HOME=str(planted.parent))
    assert done.returncode == 3
    refused = f"nothing is read or written: {planted} is not trusted: it belongs to another" in (
        done.stderr
    )
    assert refused is (by == "mallory")


def test_a_directory_above_that_others_may_write_is_refused(accounts: Accounts) -> None:
    public = accounts.directory(accounts.place / "public", by="root", mode=0o777)
    accounts.directory(public / "rollout", by="alice", mode=0o700)
    done = accounts.run("alice", *python(DIES, run="aa"), XDG_STATE_HOME=str(public))
    assert f"{public} is not trusted: every account may write to it" in done.stdout
    assert list((public / "rollout").iterdir()) == []


def test_a_private_one_is_made_for_the_account_alone_whatever_the_umask(accounts: Accounts) -> None:
    done = accounts.run("alice", *python(DIES, run="aa"), umask="000")
    assert done.returncode == 0, done.stderr
    local = accounts.home("alice") / ".local"
    places = (local, local / "state", local / "state" / "rollout")
    assert {stat.S_IMODE(path.stat().st_mode) for path in places} == {0o700}
    assert modes(places[-1]) == {(0o600, UIDS["alice"])}


# tracebacks, and what is run


def test_a_saved_traceback_is_for_those_whom_the_directory_is_for(accounts: Accounts) -> None:
    code = "from rollout.cli.crash import save; print(save(ValueError('oops')))"
    words = (sys.executable, "-c", code)
    own = accounts.run("alice", *words).stdout.strip()
    assert own.startswith(f"{accounts.home('alice')}/.local/state/rollout/crash-")
    assert stat.S_IMODE(Path(own).stat().st_mode) == 0o600
    state = accounts.share_state()
    shared = accounts.run("alice", *words, umask="077").stdout.strip()
    assert shared.startswith("/var/lib/rollout/crash-")
    assert modes(state) == {(0o660, TEAM)}
    planted = accounts.directory(accounts.place / "public" / "rollout", by="mallory", mode=0o777)
    last = accounts.run("alice", *words, XDG_STATE_HOME=str(planted.parent)).stdout.strip()
    assert Path(last).parent == Path(os.environ.get("TMPDIR", "/tmp"))
    Path(last).unlink()
    assert list(planted.iterdir()) == []


def test_what_is_run_later_never_lies_where_a_member_could_exchange_it(accounts: Accounts) -> None:
    show = "print(private_state_directory(os.environ))"
    assert act(accounts, "root", show) == "/var/lib/rollout"
    accounts.share_state()
    for name in ("root", "alice"):
        assert act(accounts, name, show) == f"{accounts.home(name)}/.local/state/rollout"
