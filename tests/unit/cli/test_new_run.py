"""What a run writes down of its settings, and what is set otherwise since, in words."""

import os
import sys
from pathlib import Path

import pytest

from rollout.adapters.journal.files import names_in
from rollout.adapters.journal.reader import read
from rollout.cli.commands.resume import same_as_before
from rollout.cli.global_options import GlobalOptions
from rollout.cli.new_run import begin, changed, written_settings
from rollout.cli.run_spec import RunSpec
from rollout.model.errors import RolloutError
from rollout.model.lock_state import PastRun

SETTINGS = """\
app = "shop"
[balancers.lb1]
[fleet]
hosts = ["web1"]
[deploy]
to = "/srv/shop"
strategy = "artifact"
artifact = "https://ci:hunter2@h/shop.tar.gz"
env = { SECRET_KEY_BASE = "hunter2" }
hooks.before = "notify hunter2"
"""
ARTIFACT = "https://h/shop.tar.gz?private_token=hunter2"
FLAGS = {"--artifact": ARTIFACT, "--sha256": None}


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GlobalOptions:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    file = tmp_path / "rollout.toml"
    file.write_text(SETTINGS)
    return GlobalOptions(config=str(file))


def begun(typed: GlobalOptions, flags: dict[str, str | None]) -> tuple[PastRun, bytes]:
    """Begin a run, and read its journal."""
    loaded = typed.settings(flags)
    run = begin(
        RunSpec(loaded=loaded, typed=typed, verb="uninterrupted", hosts=["web1"], flags=flags)
    )
    run.journal.leave()
    (name,) = [n for n in names_in(run.journal.file.parent, "shop") if n.run == run.run]
    past = read(name)
    assert past is not None
    return past, name.journal.read_bytes()


def test_no_secret_of_the_settings_or_the_command_line_is_in_the_journal(
    typed: GlobalOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["rollout", "deploy", "--artifact", ARTIFACT])
    past, journal = begun(typed, dict(FLAGS))
    assert b"hunter2" not in journal
    assert past.owner.command.endswith("'https://h/shop.tar.gz?private_token=***'")
    assert past.flags == {"--artifact": "https://h/shop.tar.gz?private_token=***"}


def test_a_run_with_the_same_secrets_can_be_gone_on_with(typed: GlobalOptions) -> None:
    for flags in (dict(FLAGS), {}):
        past, _ = begun(typed, flags)
        assert same_as_before(past, typed, replan=False).settings.app == "shop"


def test_a_secret_that_was_changed_is_named_without_its_values(typed: GlobalOptions) -> None:
    past, _ = begun(typed, {})
    assert typed.config is not None
    Path(typed.config).write_text(SETTINGS.replace("hunter2", "n3w").replace("n3w@h", "hunter2@i"))
    with pytest.raises(RolloutError) as refused:
        same_as_before(past, typed, replan=False)
    for key in ("artifact", "env.SECRET_KEY_BASE", "hooks.before"):
        assert f"\n  deploy.{key} was changed\n" in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert "n3w" not in str(refused.value)


@pytest.mark.integration
@pytest.mark.skipif(os.geteuid() != 0, reason="other users are needed")
def test_a_colleague_reads_the_key_of_a_shared_directory_and_a_stranger_does_not(
    typed: GlobalOptions, tmp_path: Path
) -> None:
    state = tmp_path / "rollout"
    state.mkdir()
    os.chown(state, 0, 4100)
    state.chmod(0o2770)
    for above in (tmp_path, *tmp_path.parents):
        if not above.stat().st_mode & 0o001:  # pytest closes its directories to other users
            above.chmod(above.stat().st_mode | 0o011)
    past, _ = begun(typed, {})

    def seen_by(user: int, group: int) -> bool:
        child = os.fork()
        if child == 0:
            os.setgroups([])
            os.setgid(group)
            os.setuid(user)
            try:
                same_as_before(past, typed, replan=False)
            except RolloutError as error:
                os._exit(1 if "may have been changed" in str(error) else 2)
            os._exit(0)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

    assert seen_by(4003, 4100)
    assert not seen_by(4001, 4001)


def test_what_is_set_as_it_was_is_not_worth_a_word() -> None:
    assert changed({}, {}) == ()
    assert changed({"fleet.floor": "75%"}, {"fleet.floor": "75%"}) == ()


@pytest.mark.parametrize("key", ["lock.wait", "notify.on", "log.file", "metrics.textfile"])
def test_what_changes_nothing_on_a_fleet_keeps_no_run_from_being_resumed(key: str) -> None:
    """An operator who adds a webhook is not sent to --replan, which forgives more."""
    assert changed({key: "before"}, {key: "now"}) == ()


def test_what_was_changed_added_or_left_out_is_named_once_each() -> None:
    before = {"fleet.floor": "75%", "restart.probe": "tcp://{host}:{port}", "app": "shop"}
    now = {"app": "shop", "fleet.floor": "50%", "deploy.to": "/srv/shop"}
    assert changed(before, now) == (
        "fleet.floor was 75%, is 50%",
        "restart.probe was tcp://{host}:{port}, is not set",
        "deploy.to was not set, is /srv/shop",
    )


def written(typed: GlobalOptions, more: str = "") -> dict[str, str]:
    assert typed.config is not None
    Path(typed.config).write_text(SETTINGS + more)
    return dict(written_settings(typed.settings({})))


def of_an_older_version(settings: dict[str, str]) -> dict[str, str]:
    """Take out what was added after commit a2656bc."""
    tables = ("hooks.", "notify.", "silence.", "metrics.", "log.")
    added = (*tables, "fleet.pause_", "require_reason", "confirm")
    return {key: text for key, text in settings.items() if not key.startswith(added)}


def test_a_setting_that_an_upgrade_adds_and_nothing_sets_is_no_difference(
    typed: GlobalOptions,
) -> None:
    now = written(typed)
    before = of_an_older_version(now)
    assert len(before) < len(now)
    assert changed(before, now) == ()


def test_a_setting_that_an_upgrade_adds_and_that_is_set_is_named(typed: GlobalOptions) -> None:
    before = of_an_older_version(written(typed))
    new = '[hooks]\nbefore = "hunter2"\ntimeout = "5s"\n[restart]\nstable = "9s"\n'
    it_had_none = "and the version of rollout that began the run did not have it"
    assert changed(before, written(typed, new)) == (
        'restart.stable was "5s", is "9s"',
        f"hooks.before is set, {it_had_none}",
        f'hooks.timeout is "5s", {it_had_none}',
    )


def test_a_new_table_is_a_difference_though_all_in_it_is_as_by_default(
    typed: GlobalOptions,
) -> None:
    before = of_an_older_version(written(typed))
    now = written(typed, '[balancers.lb2]\n[deploy.build]\nassets = "make"\n')
    assert {line.partition(" ")[0] for line in changed(before, now)} == {
        *(f"balancers.lb2.{key}" for key in ("ssh", "socket", "backends")),
        *("deploy.build", *(f"deploy.build.assets.{key}" for key in ("run", "where"))),
        *(f"deploy.build.assets.{key}" for key in ("timeout", "env")),
    }
    assert not any("did not have it" in line for line in changed(before, now))


def test_a_setting_that_this_version_does_not_have_counts_where_it_was_chosen() -> None:
    before = {"app": '"shop"', "fleet.pace": '"slow"', "later.key": "hmac:a:b"}
    now = {"app": '"shop"'}
    named = (
        'fleet.pace was "slow", and this version of rollout does not have it',
        "later.key was set, and this version of rollout does not have it",
    )
    assert changed(before, now) == named
    assert changed(before, now, {"app", "later.key"}) == named[1:]
    assert changed(before, now, {"app"}) == ()
    assert changed({"restart.stable": "5.0"}, {}, set()) == ("restart.stable was 5.0, is not set",)


def test_a_journal_says_which_settings_were_chosen(typed: GlobalOptions) -> None:
    past, _ = begun(typed, {})
    assert past.chosen is not None
    assert {"deploy.strategy", "deploy.env.SECRET_KEY_BASE"} <= past.chosen
    assert not {"fleet.floor", "hooks.before", "deploy.keep"} & past.chosen
