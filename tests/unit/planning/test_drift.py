"""Each difference between a plan and the world is named; what is better than planned is none."""

from dataclasses import replace

import pytest

from rollout.model.findings import Skipped
from rollout.model.planned_run import PlannedRun
from rollout.planning.drift import drift
from tests.output.test_plan import DEPLOY, RESTART


def said(planned: PlannedRun, now: PlannedRun) -> list[str]:
    return [f"{found.where}: {found.what}" for found in drift(planned, now)]


def asked(**changed: object) -> PlannedRun:
    return replace(RESTART, request=replace(RESTART.request, **changed))  # type: ignore[arg-type]


def released(**changed: object) -> PlannedRun:
    assert DEPLOY.release is not None
    return replace(DEPLOY, release=replace(DEPLOY.release, **changed))  # type: ignore[arg-type]


def with_target(**changed: object) -> PlannedRun:
    first, *rest = RESTART.targets
    return replace(RESTART, targets=(replace(first, **changed), *rest))  # type: ignore[arg-type]


def with_capacity(**changed: object) -> PlannedRun:
    first, *rest = RESTART.capacity
    return replace(RESTART, capacity=(replace(first, **changed), *rest))  # type: ignore[arg-type]


def test_what_is_as_it_was_planned_is_no_difference() -> None:
    later = replace(
        RESTART,
        at="2026-11-28T03:00:00.000Z",
        version="0.2.0",
        last_run="another",
        watch=(),
        steps=(),
        time=replace(RESTART.time, usual_seconds=9.0),
        capacity=tuple(replace(one, sessions=900, lowest=3) for one in RESTART.capacity),
    )
    assert drift(RESTART, later) == ()
    assert drift(DEPLOY, DEPLOY) == ()


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (asked(app="store"), "app: not as planned: it was shop, and is store"),
        (asked(env=""), "env: not as planned: it was production, and is not set"),
        (asked(verb="rollback"), "command: not as planned: it was restart, and is rollback"),
        (asked(to="2026"), "--to: not as planned: it was not set, and is 2026"),
        (
            asked(include_left_out=True),
            "--include-left-out: not as planned: it was not given, and is given",
        ),
        (
            asked(hosts=RESTART.request.hosts[1:]),
            "hosts: not as planned: app1 had a part in it, and has none now",
        ),
        (
            asked(hosts=(*RESTART.request.hosts, "app9")),
            "hosts: not as planned: app9 had no part in it",
        ),
        (
            asked(settings={"fleet.max_out": "2"}),
            "fleet.max_out: not as planned: it was not set, and is 2",
        ),
        (
            with_target(servers=("app/app1@lb1", "app/app1b@lb1")),
            "app1: not as planned: the server app/app1@lb2 is gone",
        ),
        (
            with_target(instances=("mongrel_8000", "mongrel_8001")),
            "app1: not as planned: the instance mongrel_8001 is new",
        ),
        (
            with_capacity(serving=6),
            "lb1/app: not as planned: 6 of 8 servers serve, and 7 did",
        ),
        (
            replace(RESTART, targets=RESTART.targets[1:] + RESTART.targets[:1]),
            "order: not as planned: turn 1 was that of app1, and is that of app2",
        ),
        (replace(RESTART, stuck="app1 waits"), "fleet: not as planned: app1 waits"),
    ],
)
def test_a_difference_is_named(now: PlannedRun, words: str) -> None:
    assert words in said(RESTART, now)


def test_a_target_that_is_skipped_now_is_named_with_the_reason() -> None:
    now = replace(
        RESTART,
        targets=RESTART.targets[1:],
        skipped=(*RESTART.skipped, Skipped("app1", "app/app1@lb1 is in maint, not by rollout")),
    )
    why = "it was to be restarted, and is not now: app/app1@lb1 is in maint, not by rollout"
    assert said(RESTART, now) == [f"app1: not as planned: {why}"]
    assert said(now, RESTART) == ["app1: not as planned: it was not to be restarted"]


def test_another_commit_and_another_live_release_are_named() -> None:
    assert said(DEPLOY, released(revision="b00b1e5" + "0" * 33)) == [
        "main: not as planned: it was 209388700000, and is b00b1e500000"
    ]
    assert said(DEPLOY, released(live={"app2": "20261128000000"})) == [
        "app2: not as planned: the release 20261127180210 was live, and 20261128000000 is"
    ]
    assert said(released(name="20261101000000"), released(name="20261102000000")) == [
        "release: not as planned: it was 20261101000000, and is 20261102000000"
    ]


@pytest.mark.parametrize("key", ["lock.wait", "confirm", "notify.command", "log.file"])
def test_settings_that_change_nothing_on_a_host_are_no_difference(key: str) -> None:
    assert drift(RESTART, asked(settings={key: "another"})) == ()


def test_more_that_serves_than_planned_is_no_difference() -> None:
    assert drift(RESTART, with_capacity(serving=8)) == ()
    assert drift(replace(RESTART, stuck="app1 waits"), RESTART) == ()


def test_what_would_have_been_refused_is_not_begun_without_a_question() -> None:
    assert said(replace(RESTART, exit_code=3), RESTART) == [
        "fleet: not as planned: it would have been refused a moment ago, so nothing was shown"
    ]


def test_each_difference_says_what_to_type() -> None:
    (found,) = drift(RESTART, with_capacity(serving=6))
    assert found.fix == "`rollout plan restart` shows what would be done now"
