"""Restart, uninterrupted and rollback take one path: the same look, then their own way on."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from typer.testing import CliRunner

from rollout.cli import act
from rollout.cli.app import app
from rollout.cli.commands import restart, rollback, uninterrupted
from rollout.cli.run_spec import RunSpec
from rollout.cli.runner import CommandBody
from rollout.lock.session import LockedRun
from rollout.model.findings import PreflightReport
from rollout.model.fleet import Finding, Target
from rollout.ports.context import RunContext
from rollout.ports.operator_commands import CommandEnd
from rollout.summary.run import Exit
from tests.support.simulation.operator_commands import FakeRunHooks

SETTINGS = """\
app = "shop"
[balancers.lb1]
[fleet]
hosts = ["web[1-3]"]
[deploy]
to = "/srv/shop"
repo = "git@git.example.com:shop.git"
hooks.before = "./announce"
"""
FIT = PreflightReport(
    targets=(Target("web1", "web1", (), (), {}),),
    skipped=(),
    findings=(),
    notes=(),
)
UNFIT = PreflightReport(
    targets=(), skipped=(), findings=(Finding("web1", "is away", ""),), notes=()
)
DEPLOY = "the deploy"
SERVICES = SimpleNamespace(source="the source")
SITE: Any = SimpleNamespace(
    stop_asked=lambda: False, require_services=lambda: SERVICES, hooks=None, balancers={}
)


@dataclass
class Played:
    """What one command line led to."""

    fit: PreflightReport = FIT
    deploy: str | None = DEPLOY
    specs: list[RunSpec] = field(default_factory=list)
    acts: list[tuple[str, object]] = field(default_factory=list)
    looks: list[tuple[str, tuple[object, ...]]] = field(default_factory=list)


Play = Callable[..., Played]


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    """Return a function that types a command line in a world in which only the path is real."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rollout.toml").write_text(SETTINGS)

    def typed(words: str, fit: PreflightReport = FIT, deploy: str | None = DEPLOY) -> Played:
        played = Played(fit, deploy)

        def look_as(name: str, *, deploys: bool) -> Callable[..., Any]:
            async def look(*words: object) -> object:
                played.looks.append((name, words))
                return (played.fit, played.deploy) if deploys else played.fit

            return look

        def act_as(name: str, part: str) -> Callable[..., Any]:
            async def go(context: RunContext) -> None:
                played.acts.append((name, getattr(context, part)))

            return go

        def run(spec: RunSpec, body: CommandBody) -> int:
            played.specs.append(spec)
            assert spec.look is not None
            look, locked_run = spec.look, cast("LockedRun", SimpleNamespace(site=SITE))

            async def whole() -> None:
                assert await look(SITE) is played.fit
                await body(locked_run, lambda _: None)

            asyncio.run(whole())
            return 5

        monkeypatch.setattr(act, "run", run)
        monkeypatch.setattr(act, "rolling_restart", act_as("restart", "plan"))
        monkeypatch.setattr(act, "uninterrupted", act_as("deploy", "deploy"))
        monkeypatch.setattr(restart, "restart_preflight", look_as("restart", deploys=False))
        monkeypatch.setattr(uninterrupted, "ready_to_deploy", look_as("deploy", deploys=True))
        monkeypatch.setattr(rollback, "ready_to_roll_back", look_as("rollback", deploys=True))
        done = CliRunner().invoke(app, words.split())
        assert done.exit_code == 5, done.output
        return played

    return typed


def test_a_restart_looks_and_restarts(play: Play) -> None:
    played = play("restart --hosts web3,web1 --cron --include-left-out --max-out 2")
    (spec,) = played.specs
    assert (spec.verb, spec.hosts, spec.deploys) == ("restart", ("web3", "web1"), False)
    assert (spec.cron, spec.include_left_out) == (True, True)
    assert spec.flags is not None
    assert {flag: value for flag, value in spec.flags.items() if value} == {"--max-out": "2"}
    assert spec.meanwhile == "looking at 2 hosts"
    ((verb, plan),) = played.acts
    assert verb == "restart"
    assert getattr(plan, "max_out", None) == 2


@pytest.mark.parametrize("command", ["uninterrupted", "deploy"])
def test_a_deploy_looks_with_the_source_and_deploys(play: Play, command: str) -> None:
    played = play(f"{command} --exclude web2")
    (spec,) = played.specs
    assert (spec.verb, spec.hosts, spec.deploys) == ("uninterrupted", ("web1", "web3"), True)
    assert (spec.cron, spec.include_left_out) == (False, False)
    assert spec.meanwhile == "looking at 2 hosts, then deploy.hooks.before runs"
    assert {name for name, _ in played.looks} == {"deploy"}
    assert all(words[2] == "the source" for _, words in played.looks)
    assert played.acts == [("deploy", DEPLOY)]


def test_a_rollback_looks_for_the_release_and_makes_it_live(play: Play) -> None:
    played = play("rollback --to 20261122230001")
    (spec,) = played.specs
    assert (spec.verb, spec.deploys) == ("rollback", True)
    assert all(words[2] == "20261122230001" for _, words in played.looks)
    assert played.acts == [("deploy", DEPLOY)]


@pytest.mark.parametrize("command", ["restart", "uninterrupted", "rollback"])
def test_findings_end_it_before_anything_is_done(play: Play, command: str) -> None:
    assert play(command, fit=UNFIT).acts == []


@pytest.mark.parametrize("command", ["uninterrupted", "rollback"])
def test_without_a_release_nothing_is_deployed(play: Play, command: str) -> None:
    assert play(command, deploy=None).acts == []


@pytest.mark.parametrize("command", ["restart", "uninterrupted", "rollback"])
def test_a_hook_that_says_no_ends_it_before_anything_is_done(
    play: Play, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    hooks = FakeRunHooks({"before": CommandEnd(ok=False, message="not today")}, takes=0.0)
    monkeypatch.setattr(SITE, "hooks", hooks)
    assert play(command).acts == []
    assert [hook for hook, _, _ in hooks.ran] == ["before"]


@pytest.mark.parametrize(
    "differences", [(), (Finding("web1", "not as planned: it was to be restarted", ""),)]
)
def test_what_is_not_as_it_was_shown_is_not_begun(
    play: Play, monkeypatch: pytest.MonkeyPatch, differences: tuple[Finding, ...]
) -> None:
    compared: list[object] = []

    async def now(*_: object) -> str:
        return "what would be done now"

    def drift(*two: object) -> tuple[Finding, ...]:
        compared.extend(two)
        return differences

    monkeypatch.setattr(act, "shown_plan", lambda _: "what was shown")
    monkeypatch.setattr(act, "plan_under_lock", now)
    monkeypatch.setattr(act, "drift", drift)
    monkeypatch.setattr(act, "with_added_settings", lambda planned, _: planned)
    played = play("restart")
    assert compared == ["what was shown", "what would be done now"]
    assert bool(played.acts) == (not differences)


def test_a_run_that_ends_at_its_question_begins_no_run(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(act, "shown_plan", lambda _: Exit.HALTED)
    assert play("restart").specs == []
