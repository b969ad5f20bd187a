"""On a terminal a run shows its plan and asks; and it refuses to begin if the world is another."""

import json
import shlex
import signal
from pathlib import Path
from typing import Any

import pytest

from examples.fleet import Fleet, Shape
from tests.integration.conftest import MakeFleet
from tests.integration.rolling.test_plan import files_of
from tests.support.advice import commands_in
from tests.support.dialogues import Dialogue
from tests.support.started_runs import Running

pytestmark = pytest.mark.integration

QUICK = Shape(hosts=2, instances=1, boot=0.5)
INTERRUPTED, HALTED, REFUSED, USAGE = 130, 5, 3, 2


def typed(fleet: Fleet, *words: str) -> Dialogue:
    return Dialogue(fleet.command(*words), fleet.directory, fleet.environment)


def locks_of(fleet: Fleet) -> list[Path]:
    return sorted((fleet.directory / "lock").rglob("holder"))


def planned(fleet: Fleet, file: Path, *words: str) -> dict[str, Any]:
    done = fleet.rollout("plan", *words, "-o", str(file))
    assert done.returncode == 0, done.stderr
    return dict(json.loads(file.read_text()))


def test_a_yes_lets_it_begin_and_the_plan_is_shown_before(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(QUICK)
    before = fleet.processes()

    with typed(fleet, "restart", "--output", "plain") as run:
        shown = run.answer("[y/N]", "y")
        assert locks_of(fleet) == []  # as long as it is asked
        code = run.end()

    assert code == 0
    assert "Plan: restart shop on 2 of 2 hosts. Nothing was changed." in shown
    assert "Restart these 2 hosts? [y/N]" in shown
    assert all(fleet.processes()[name] != process for name, process in before.items())


@pytest.mark.parametrize("how", ["no", "the end of the input", "Ctrl-C"])
def test_what_is_no_yes_changes_nothing(make_fleet: MakeFleet, how: str) -> None:
    fleet = make_fleet(QUICK)
    assert fleet.rollout("check").returncode == 0  # it makes the directories that it tries
    processes, files = fleet.processes(), files_of(fleet)

    with typed(fleet, "restart") as run:
        if how == "no":
            run.answer("[y/N]", "")
        elif how == "Ctrl-C":
            run.expect("[y/N]")
            run.interrupt()
        else:
            run.expect("[y/N]")
            run.press_end()
        code = run.end()

    assert code == (INTERRUPTED if how == "Ctrl-C" else REFUSED)
    assert "rollout: nothing was changed" in run.said
    assert (fleet.processes(), files_of(fleet)) == (processes, files)


def test_it_refuses_after_a_yes_to_what_is_not_true_any_more(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(QUICK)
    processes = fleet.processes()

    with typed(fleet, "restart", "--output", "plain") as run:
        run.expect("[y/N]")
        fleet.balancers["lb1"].command("set server app/web2 state maint")
        run.type("y")
        code = run.end()

    assert code == REFUSED
    said = " ".join(run.said.split())
    assert "web2 not as planned: it was to be restarted, and is not now: " in said
    assert fleet.processes() == processes
    assert locks_of(fleet) == []


def test_without_a_question_it_begins_at_once(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(QUICK)
    with typed(fleet, "restart", "--hosts", "web1", "--yes", "--output", "plain") as run:
        assert run.end() == 0
    with typed(fleet, "restart", "--hosts", "web1", "--cron") as quiet:
        assert quiet.end() == 0
    assert "[y/N]" not in run.said + quiet.said


def test_a_required_answer_is_missed_where_no_person_can_be_asked(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(QUICK)
    with fleet.settings_file.open("a") as file:
        file.write('\n[env.production]\nconfirm = "required"\n')
    processes = fleet.processes()

    for words in (["restart"], ["restart", "--cron"]):
        done = fleet.rollout("--env", "production", *words)
        assert done.returncode == USAGE
        assert 'confirm = "required", and no person can be asked here' in done.stderr
    assert fleet.processes() == processes
    done = fleet.rollout("--env", "production", "restart", "--hosts", "web1", "--cron", "--yes")
    assert done.returncode == 0, done.stderr


def test_a_plan_file_is_done_as_it_was_planned(make_fleet: MakeFleet, tmp_path: Path) -> None:
    fleet = make_fleet(Shape(hosts=3, instances=1, boot=0.5))
    file = tmp_path / "the plan.json"
    words = ("restart", "--hosts", "web3,web1", "--max-out", "2", "--floor", "1")
    wrote = fleet.rollout("plan", *words, "-o", str(file))
    said = json.loads(file.read_text())
    processes = fleet.processes()

    (command,) = commands_in(wrote.stderr)
    typed_words = shlex.split(command)[3:]  # after `rollout --config FILE`
    done = fleet.rollout("--output", "json", *typed_words)

    assert done.returncode == 0, done.stderr
    assert typed_words[-2:] == ["--from-plan", str(file)]
    summary = json.loads(done.stdout.splitlines()[-1])
    assert [one["target"] for one in summary["targets"]] == said["waves"][0] == ["web3", "web1"]
    assert fleet.processes()["web2/mongrel_8000"] == processes["web2/mongrel_8000"]


def test_a_plan_file_is_refused_when_the_world_is_another(
    make_fleet: MakeFleet, tmp_path: Path
) -> None:
    fleet = make_fleet(Shape(hosts=3, instances=1, boot=0.5))
    file = tmp_path / "plan.json"
    planned(fleet, file, "restart")
    processes = fleet.processes()
    lb1 = fleet.balancers["lb1"]

    def refused(*words: str) -> str:
        done = fleet.rollout("restart", "--from-plan", str(file), *words)
        assert done.returncode == REFUSED, done.stderr
        assert "3 hosts" in done.stderr or "nothing was changed" in done.stderr.lower()
        return " ".join(done.stderr.split())

    assert "web2 had a part in it, and has none now" in refused("--exclude", "web2")
    assert "not as planned: it was 1, and is 2" in refused("--max-out", "2")
    lb1.command("set server app/web2 state maint")
    assert "web2 not as planned: it was to be restarted, and is not now" in refused()
    lb1.command("set server app/web2 state ready")
    fleet.settings({"restart.stable": "3s"})
    assert 'restart.stable not as planned: it was "1s", and is "3s"' in refused()
    assert fleet.processes() == processes
    assert locks_of(fleet) == []


def test_a_plan_file_that_is_none_is_a_mistake_of_usage(
    make_fleet: MakeFleet, tmp_path: Path
) -> None:
    fleet = make_fleet(QUICK)
    file = tmp_path / "plan.json"
    for text, why in (("{}", "is no plan"), ('{"v": 99}', "has the format 99")):
        file.write_text(text)
        done = fleet.rollout("restart", "--from-plan", str(file))
        assert (done.returncode, why in done.stderr) == (USAGE, True), done.stderr
    done = fleet.rollout("restart", "--from-plan", str(tmp_path / "away.json"))
    assert (done.returncode, "away.json is not there" in done.stderr) == (USAGE, True)


def test_a_deploy_keeps_to_the_commit_and_the_release_that_were_shown(
    make_fleet: MakeFleet, tmp_path: Path
) -> None:
    fleet = make_fleet(Shape(hosts=2, instances=1, boot=0.5, deploys=True))
    file = tmp_path / "plan.json"
    second = fleet.shop.release()
    said = planned(fleet, file, "uninterrupted")
    assert (said["release"]["revision"], said["release"]["commits"]["count"]) == (second, 1)
    fleet.shop.release()

    done = fleet.rollout("uninterrupted", "--from-plan", str(file))
    assert done.returncode == REFUSED
    assert f"main not as planned: it was {second[:12]}" in " ".join(done.stderr.split())

    planned(fleet, file, "uninterrupted")
    assert fleet.rollout("uninterrupted", "--from-plan", str(file)).returncode == 0
    done = fleet.rollout("uninterrupted", "--from-plan", str(file))
    assert done.returncode == REFUSED
    assert "not as planned: the release" in " ".join(done.stderr.split())

    back = planned(fleet, file, "rollback")
    assert (back["release"]["fresh"], back["release"]["commits"]["gone"]) == (False, 2)
    assert fleet.rollout("rollback", "--from-plan", str(file)).returncode == 0


def test_old_releases_go_after_a_yes_only(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(Shape(hosts=1, instances=1, boot=0.5, deploys=True))
    fleet.settings({"fleet.floor": 0})
    for _ in range(3):
        fleet.shop.release()
        assert fleet.rollout("uninterrupted").returncode == 0
    before = files_of(fleet)

    plan = fleet.rollout("prune", "--keep", "1", "--plan")
    assert (plan.returncode, plan.stderr) == (0, "")
    what, _, rest = plan.stdout.partition("\n")
    assert what.startswith("Plan: remove 2 releases from 1 of 1 host, which frees ")
    assert what.endswith(" kB. Nothing was changed.")
    assert "(live)" in rest
    assert json.loads(fleet.rollout("--output", "json", "prune", "--keep", "1", "-n").stdout)[
        "keep"
    ]
    with typed(fleet, "prune", "--keep", "1") as run:
        run.answer("[y/N]", "n")
        assert run.end() == REFUSED
    assert {name for name, said in files_of(fleet).items() if before.get(name) != said} == set()
    with typed(fleet, "prune", "--keep", "1") as run:
        shown = run.answer("[y/N]", "y")
        assert run.end() == 0
    assert "  remove  " in shown
    assert "  keep    " in shown
    assert "Remove 2 releases from 1 host? [y/N]" in shown
    assert files_of(fleet) != before
    with typed(fleet, "prune", "--keep", "1", "--cron") as quiet:
        assert (quiet.end(), quiet.said) == (0, "")


def test_a_resume_with_nothing_out_asks_as_well(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(QUICK)
    stopped = Running(fleet, ("restart",))
    stopped.until_says("web1 restart requested")
    stopped.send(signal.SIGINT)
    assert stopped.end().code == HALTED, stopped.said
    processes = fleet.processes()

    with typed(fleet, "resume") as run:
        shown = run.answer("[y/N]", "")
        assert run.end() == REFUSED
    assert "(restart): web2? [y/N]" in shown
    assert fleet.processes() == processes

    with typed(fleet, "resume") as run:
        run.answer("[y/N]", "y")
        assert run.end() == 0, run.said
    now = fleet.processes()
    assert [name for name in now if now[name] != processes[name]] == ["web2/mongrel_8000"]
