"""After an upgrade in the middle of a stopped run: its journal is read, gone on with, and shown.

``tests/captures/journal/a2656bc-died.jsonl`` was written by rollout itself at commit a2656bc, on a
fleet of three hosts, killed as it had asked web2 to restart.  It has no ``run.began``, no traffic,
no ``elapsed``, no ``since`` of what was taken out, and none of the settings that were added since.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from rollout.adapters.journal.history import Journals
from rollout.adapters.journal.turn_times import usual_times
from rollout.cli.app import app
from rollout.cli.commands.resume import same_as_before
from rollout.cli.global_options import GlobalOptions
from rollout.model.errors import RolloutError
from rollout.model.lock_state import PastRun
from tests.support.past_runs import write_journal

JOURNAL = Path(__file__).parents[2] / "captures" / "journal" / "a2656bc-died.jsonl"
RUN = "29fcb9"


def settings_of(text: str) -> dict[str, str]:
    first: dict[str, Any] = json.loads(text.splitlines()[0])
    return dict(first["settings"])


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GlobalOptions:
    """The settings file of that run, and its journal in the state directory."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    text = JOURNAL.read_text()
    write_journal(tmp_path / "rollout", 1, RUN, text, marked=True)
    file = tmp_path / "rollout.toml"
    file.write_text("".join(f"{key} = {value}\n" for key, value in settings_of(text).items()))
    return GlobalOptions(config=str(file))


def past(typed: GlobalOptions) -> PastRun:
    assert typed.config is not None
    (found,) = Journals(Path(typed.config).parent / "rollout", "shop").open_runs()
    return found


def test_it_is_known_what_it_left_and_had_done(typed: GlobalOptions) -> None:
    run = past(typed)
    assert (run.run, run.done, run.left, run.died) == (RUN, ("web1",), ("web2", "web3"), True)
    (out,) = run.owned_targets
    assert (out.target.name, {*out.asked}) == ("web2", {"mongrel_8000", "mongrel_8001"})
    claimed = "2026-11-29T03:14:27Z"  # it wrote only when it was about to take it out
    assert (out.since, out.silence, run.chosen) == (claimed, None, None)


def test_resume_takes_settings_that_were_added_since_for_no_difference(
    typed: GlobalOptions,
) -> None:
    assert same_as_before(past(typed), typed, replan=False).settings.hooks.before == ""


def test_resume_names_what_was_added_and_is_set(typed: GlobalOptions) -> None:
    assert typed.config is not None
    file = Path(typed.config)
    more = 'fleet.pause_timeout = "5m"\nhooks.timeout = "5s"\n'
    file.write_text(file.read_text() + more)
    with pytest.raises(RolloutError) as refused:
        same_as_before(past(typed), typed, replan=False)
    it_had_none = "and the version of rollout that began the run did not have it"
    assert str(refused.value).splitlines()[1:-1] == [
        f'  fleet.pause_timeout is "5m", {it_had_none}',
        f'  hooks.timeout is "5s", {it_had_none}',
    ]
    assert same_as_before(past(typed), typed, replan=True).settings.fleet.pause_timeout == 300


def test_its_turns_are_none_to_expect_times_from(typed: GlobalOptions, tmp_path: Path) -> None:
    del typed
    assert set(usual_times(tmp_path / "rollout", "shop").turns) <= {"web1"}


def said(typed: GlobalOptions, *words: str) -> str:
    result = CliRunner().invoke(app, ["--config", str(typed.config), *words])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_history_and_show_say_what_it_tells_and_that_the_rest_was_not_recorded(
    typed: GlobalOptions,
) -> None:
    assert f"{RUN}  2026-11-29 03:14  root@bastion1  restart  1/3" in said(typed, "history")
    shown = said(typed, "show", RUN)
    assert "not recorded" in shown
    assert "web2" in shown
    (one,) = json.loads(said(typed, "--output", "json", "history"))["runs"]
    assert (one["run"], one["done"], one["planned"], one["exit_code"]) == (RUN, 1, 3, None)
    one = json.loads(said(typed, "--output", "json", "show", RUN))
    assert {target["target"]: target["until"] is not None for target in one["targets"]} == {
        "web1": True,
        "web2": False,
        "web3": False,
    }
    assert "set server app/web2 state" in said(typed, "show", RUN, "--by-hand")


def test_report_draws_it(typed: GlobalOptions, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    said(typed, "report", RUN, "-o", str(page))
    assert "web2" in page.read_text()
