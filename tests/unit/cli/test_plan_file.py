"""A plan file gives the options that were not typed; what was typed outranks it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rollout.cli.arguments import Arguments
from rollout.cli.console import type_as
from rollout.cli.global_options import GlobalOptions
from rollout.cli.options import ACCEPT_SICK, EXCLUDE, FROM_PLAN, HOSTS, INCLUDE_LEFT_OUT, TO
from rollout.cli.plan_file import as_planned, with_added_settings
from rollout.model.errors import SettingsError
from rollout.output.plan import plan_json
from rollout.planning.drift import drift
from rollout.settings.options import PACE, SOURCE, Option
from tests.output.test_plan import RESTART

MAX_OUT = next(option for option in PACE if option.flag == "--max-out")
FLOOR = next(option for option in PACE if option.flag == "--floor")
PAUSE = next(option for option in PACE if option.flag == "--pause-after-canary")
ARTIFACT = next(option for option in SOURCE if option.flag == "--artifact")
ALL = (HOSTS, EXCLUDE, MAX_OUT, FLOOR, PAUSE, ARTIFACT, ACCEPT_SICK, INCLUDE_LEFT_OUT, TO)
PLANNED = replace(
    RESTART,
    request=replace(
        RESTART.request,
        flags={
            "--max-out": "2",
            "--pause-after-canary": "true",
            "--accept-sick": "true",
            "--artifact": "https://***@example.com/shop.tar",
        },
        to="20261101000000",
        include_left_out=True,
    ),
)


@pytest.fixture(autouse=True)
def fixture_typed() -> Iterator[None]:
    yield
    type_as()


def read(tmp_path: Path, env: str | None = None, **values: object) -> Arguments:
    file = tmp_path / "plan.json"
    file.write_text(plan_json(PLANNED))
    by_name = {option.name: option for option in ALL}
    given: dict[Option, object] = dict.fromkeys(ALL)
    given |= {by_name[name]: value for name, value in values.items()}
    typed = GlobalOptions(env=env)
    return as_planned(Arguments(typed=typed, values={**given, FROM_PLAN: str(file)}))


def test_what_was_not_typed_is_that_of_the_plan(tmp_path: Path) -> None:
    arguments = read(tmp_path)
    assert arguments.planned == PLANNED
    assert arguments.values[HOSTS] == list(PLANNED.request.hosts)
    assert (arguments.text(MAX_OUT), arguments.text(FLOOR)) == ("2", None)
    assert arguments.text(TO) == "20261101000000"
    assert arguments.typed.env == "production"
    assert all(map(arguments.is_on, (PAUSE, ACCEPT_SICK, INCLUDE_LEFT_OUT)))


def test_what_was_typed_outranks_the_plan(tmp_path: Path) -> None:
    arguments = read(tmp_path, env="staging", max_out="3", exclude=["app1"], to="2026")
    assert (arguments.text(MAX_OUT), arguments.text(TO)) == ("3", "2026")
    assert (arguments.values[HOSTS], arguments.values[EXCLUDE]) == (None, ["app1"])
    assert arguments.typed.env == "staging"


def test_a_flag_that_no_command_has_is_no_silence(tmp_path: Path) -> None:
    """A file that was edited, with a typo in a flag, was done without it."""
    file = tmp_path / "plan.json"
    request = replace(PLANNED.request, flags={**PLANNED.request.flags, "--flor": "90%"})
    file.write_text(plan_json(replace(PLANNED, request=request)))
    values: dict[Option, object] = dict.fromkeys(ALL)
    with pytest.raises(SettingsError, match="--flor, which is not known here"):
        as_planned(Arguments(typed=GlobalOptions(), values={**values, FROM_PLAN: str(file)}))


def test_a_secret_is_not_in_the_file_and_must_be_typed_again(tmp_path: Path) -> None:
    assert read(tmp_path).text(ARTIFACT) is None


@pytest.mark.parametrize(
    ("data", "why"), [(b"{}", "is no plan"), (b"\xff", "is not UTF-8 (at byte 0)")]
)
def test_a_file_that_is_no_plan_is_a_mistake(tmp_path: Path, data: bytes, why: str) -> None:
    file = tmp_path / "plan.json"
    file.write_bytes(data)
    with pytest.raises(SettingsError) as refused:
        as_planned(Arguments(typed=GlobalOptions(), values={FROM_PLAN: str(file)}))
    assert why in refused.value.problems[0]


def test_as_root_a_file_that_another_account_can_write_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "plan.json"
    file.write_text(plan_json(PLANNED))
    file.chmod(0o666)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    with pytest.raises(SettingsError) as refused:
        as_planned(Arguments(typed=GlobalOptions(), values={FROM_PLAN: str(file)}))
    assert "is not read as root" in refused.value.problems[0]


def test_settings_that_were_added_since_are_no_drift_unless_they_are_set() -> None:
    added = {"hooks.before": '""', "silence.timeout": '"10s"'}
    older = {k: v for k, v in PLANNED.request.settings.items() if k not in added}
    planned = replace(PLANNED, request=replace(PLANNED.request, settings=older))

    def said(**now: str) -> list[str]:
        settings = {**older, **added, "hooks.timeout": now.get("timeout", '"30s"')}
        world = replace(PLANNED, request=replace(PLANNED.request, settings=settings))
        return [
            f"{one.where}: {one.what}" for one in drift(with_added_settings(planned, world), world)
        ]

    assert said() == []
    assert said(timeout='"5s"') == ['hooks.timeout: not as planned: it was not set, and is "5s"']
