"""What a command is told of what was typed."""

from pathlib import Path

import pytest

from rollout.cli.arguments import Arguments
from rollout.cli.global_options import GlobalOptions
from rollout.cli.options import ACCEPT_SICK, CRON, EXCLUDE, HOSTS, TO, YES
from rollout.model.errors import SettingsError
from rollout.settings.options import PACE

MAX_OUT, FLOOR, *_ = PACE
SETTINGS = 'app = "shop"\n[balancers.lb1]\n[fleet]\nhosts = ["web[1-4]"]\n'


def typed(tmp_path: Path, **values: object) -> Arguments:
    file = tmp_path / "rollout.toml"
    file.write_text(SETTINGS)
    rows = {row.name: row for row in (HOSTS, EXCLUDE, ACCEPT_SICK, CRON, TO, MAX_OUT, FLOOR)}
    given = {row: values.get(name) for name, row in rows.items()}
    return Arguments(typed=GlobalOptions(config=str(file)), values=given)


def test_the_flags_are_the_options_that_are_settings(tmp_path: Path) -> None:
    arguments = typed(tmp_path, max_out="2", to="20261122230001", cron=True)
    assert arguments.flags == {"--max-out": "2", "--floor": None}
    assert arguments.settings().settings.fleet.max_out.amount == 2


def test_the_switch_that_a_resumed_run_keeps_is_among_them(tmp_path: Path) -> None:
    assert typed(tmp_path, accept_sick=True).flags["--accept-sick"] == "true"
    assert "--accept-sick" not in typed(tmp_path, accept_sick=False).flags


def test_a_switch_that_the_command_does_not_take_was_not_given(tmp_path: Path) -> None:
    arguments = typed(tmp_path, cron=True)
    assert arguments.is_on(CRON)
    assert not arguments.is_on(YES)
    assert arguments.text(TO) is None


@pytest.mark.parametrize(
    ("hosts", "exclude", "chosen"),
    [
        (None, None, ("web1", "web2", "web3", "web4")),
        (["web3,web1"], None, ("web3", "web1")),
        (["web[1-3]", "web4"], ["web2"], ("web1", "web3", "web4")),
    ],
)
def test_hosts_are_chosen_in_the_order_in_which_they_were_typed(
    tmp_path: Path,
    hosts: list[str] | None,
    exclude: list[str] | None,
    chosen: tuple[str, ...],
) -> None:
    arguments = typed(tmp_path, hosts=hosts, exclude=exclude)
    assert arguments.selected_hosts(arguments.settings().settings) == chosen


def test_no_host_left_is_an_error_of_the_options(tmp_path: Path) -> None:
    arguments = typed(tmp_path, hosts=["web1"], exclude=["web*"])
    with pytest.raises(SettingsError, match="--hosts and --exclude: no host is left"):
        arguments.selected_hosts(arguments.settings().settings)
