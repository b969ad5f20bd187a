"""Ranges of hosts, and choosing among them."""

import pytest

from rollout.model.errors import SettingsError
from rollout.text.hostnames import expand, select, split_names

FLEET = ("web01", "web02", "web03", "web10", "db1")


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("web1", ("web1",)),
        ("web[01-03]", ("web01", "web02", "web03")),
        ("web[1-3,7]", ("web1", "web2", "web3", "web7")),
        ("web[8-10]", ("web8", "web9", "web10")),
        ("web[08-10].eu", ("web08.eu", "web09.eu", "web10.eu")),
        ("r[1-2]n[1-2]", ("r1n1", "r1n2", "r2n1", "r2n2")),
        ("web[098-101]", ("web098", "web099", "web100", "web101")),
        ("fe80::1", ("fe80::1",)),
    ],
)
def test_a_range_becomes_names_in_order(pattern: str, names: tuple[str, ...]) -> None:
    assert expand(pattern) == names


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ("web[]", "'web[]': [] is not a range: write it like [01-08] or [1-3,7]"),
        ("web[a-c]", "'web[a-c]': [a-c] is not a range: write it like [01-08] or [1-3,7]"),
        ("web[3-1]", "'web[3-1]': 3-1 runs backwards or changes its width"),
        ("web[01-8]", "'web[01-8]': 01-8 runs backwards or changes its width"),
        ("web[1-3", "'web[1-3' is not a host name"),
        ("web[1-99999]", "'web[1-99999]': more than 10000 hosts must be a typo"),
        (
            "w[1-999][1-999]",
            "'w[1-999][1-999]' is 998001 hosts; more than 10000 must be a typo",
        ),
        ("-oProxyCommand=x", "'-oProxyCommand=x' is not a host name"),
        ("web1;reboot", "'web1;reboot' is not a host name"),
        ("me@web1", "'me@web1' is not a host name (the user goes into [ssh] user)"),
        ("web*", "'web*' is not a host name"),
        ("", "'' is not a host name"),
    ],
)
def test_what_cannot_be_a_host_is_refused_in_words(pattern: str, sentence: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole sentence is compared
        expand(pattern)
    assert str(refused.value) == sentence


def test_commas_inside_a_range_do_not_split() -> None:
    assert split_names("web[1,3], db1,") == ["web[1,3]", "db1"]


def test_without_a_choice_the_whole_fleet_goes_in_its_own_order() -> None:
    assert select(FLEET) == FLEET


def test_chosen_hosts_go_in_the_order_in_which_they_were_typed_and_once() -> None:
    assert select(FLEET, only=["web03,web[01-02]", "web03"]) == ("web03", "web01", "web02")


def test_globs_choose_in_the_order_of_the_fleet() -> None:
    assert select(FLEET, only=["web*"], without=["web?[1,3]"]) == ("web02", "web10")


@pytest.mark.parametrize(
    ("only", "without", "problems"),
    [
        (
            ["web09"],
            [],
            [
                (
                    "--hosts: 'web09' is not a host of the fleet "
                    "(did you mean 'web01', 'web02' or 'web03'?)"
                )
            ],
        ),
        (["web01,nope"], [], ["--hosts: 'nope' is not a host of the fleet"]),
        (
            ["zzz"],
            ["app*"],
            [
                "--hosts: 'zzz' is not a host of the fleet",
                "--exclude: no host of the fleet matches 'app*'",
            ],
        ),
        (["web01"], ["web01"], ["--hosts and --exclude: no host is left"]),
        ([], ["*"], ["--exclude: no host is left"]),
        ([","], [], ["--hosts: no host is named"]),
        ([], [""], ["--exclude: no host is named"]),
        (
            ["web[1"],
            [],
            ["--hosts: 'web[1' is not a host name"],
        ),
    ],
)
def test_one_wrong_name_and_none_of_the_list_runs(
    only: list[str], without: list[str], problems: list[str]
) -> None:
    with pytest.raises(SettingsError) as refused:
        select(FLEET, only=only, without=without)
    assert list(refused.value.problems) == problems
