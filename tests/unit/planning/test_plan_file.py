"""A plan file is read back as it was written, and nothing else is taken for one."""

import json
from typing import Any

import pytest

from rollout.model.planned_run import PlannedRun
from rollout.output.plan import plan_json
from rollout.planning.plan_file import NoPlanError, read_plan
from tests.output.test_plan import DEPLOY, FIRST, RESTART


@pytest.mark.parametrize("planned", [RESTART, DEPLOY], ids=["restart", "deploy"])
def test_it_is_read_as_it_was_written(planned: PlannedRun) -> None:
    assert read_plan(plan_json(planned)) == planned


def test_a_plan_that_was_refused_cannot_be_done() -> None:
    with pytest.raises(NoPlanError, match="is a plan that was refused"):
        read_plan(plan_json(FIRST))


def changed(path: str, value: object) -> str:
    said: Any = json.loads(plan_json(DEPLOY))
    inside = said
    *above, last = path.split(".")
    for key in above:
        inside = inside[int(key) if key.isdecimal() else key]
    if value is KeyError:
        del inside[last]
    else:
        inside[last] = value
    return json.dumps(said)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "is no plan"),
        ("{}", "is no plan"),
        (changed("v", 2), "has the format 2, and this version of rollout reads 1"),
        (changed("later", 1), "has plan.later, which is not known here: if another version"),
        (
            changed("at", KeyError),
            "lacks plan.at: if another version of rollout wrote it, plan anew",
        ),
        (changed("request.hosts", KeyError), "lacks plan.request.hosts"),
        (changed("request.hosts", "app1"), "has plan.request.hosts, which must be a list"),
        (changed("request.flags", []), "has plan.request.flags, which must be an object"),
        (changed("request.verb", 7), "has plan.request.verb, which must be text"),
        (changed("max_out", "2"), "has plan.max_out, which must be a whole number"),
        (changed("max_out", 2.5), "has plan.max_out, which must be a whole number"),
        (changed("drain_seconds", "2"), "has plan.drain_seconds, which must be a number"),
        (changed("release.fresh", 1), "has plan.release.fresh, which must be true or false"),
        (changed("targets.0.servers", [1]), r"has plan.targets\[0\].servers\[0\], which must be"),
        (changed("targets", [1]), r"has plan.targets\[0\], which must be an object"),
    ],
)
def test_anything_else_is_refused_with_the_place(text: str, why: str) -> None:
    with pytest.raises(NoPlanError, match=why):
        read_plan(text)
