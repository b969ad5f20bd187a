"""What keeps an older release from being made live again."""

import pytest

from rollout.cli.readiness import against, revision_of
from rollout.releases import Mark, Shelf, Shelved, to_roll_back_to

OLD, NEW, NEWER = "20260101000000", "20260201000000", "20260301000000"


def shelf(host: str, *names: str, current: str = NEW, unfinished: str = "") -> Shelf:
    releases = tuple(
        Shelved(name, f"r{name}", Mark.GOOD, unfinished=name == unfinished) for name in names
    )
    return Shelf(host, link=f"releases/{current}", current=current, releases=releases)


def test_a_release_that_every_host_has_can_be_made_live_again() -> None:
    shelves = [shelf("web1", OLD, NEW), shelf("web2", OLD, NEW)]
    assert against(OLD, shelves) == ()
    assert revision_of(OLD, shelves) == f"r{OLD}"


def test_one_that_is_live_on_some_hosts_only_can_be_made_live_on_all() -> None:
    assert against(OLD, [shelf("web1", OLD, NEW, current=OLD), shelf("web2", OLD, NEW)]) == ()


def test_every_host_that_lacks_it_is_named() -> None:
    shelves = [shelf("web1", OLD, NEW), shelf("web2", NEW), shelf("web3", NEW)]
    assert [(f.where, f.what) for f in against(OLD, shelves)] == [
        ("web2", f"has no release {OLD}"),
        ("web3", f"has no release {OLD}"),
    ]


def test_a_release_that_nobody_has_gets_the_nearest_name() -> None:
    (found,) = against("20260101000001", [shelf("web1", OLD, NEW)])
    assert found.what == f"has no release 20260101000001 (did you mean '{OLD}'?)"


def test_one_that_is_live_everywhere_is_refused() -> None:
    (found,) = against(NEW, [shelf("web1", NEW), shelf("web2", NEW)])
    assert found.what == f"release {NEW} is live on every host already"


def test_one_whose_deploy_never_ended_is_refused_where_that_is_so() -> None:
    (found,) = against(OLD, [shelf("web1", OLD), shelf("web2", OLD, unfinished=OLD)])
    assert (found.where, found.what) == ("web2", f"the deploy of release {OLD} did not end there")


def test_the_same_name_for_different_code_is_refused() -> None:
    other = Shelf("web2", current=NEW, releases=(Shelved(OLD, "another"), Shelved(NEW, "x")))
    found = against(OLD, [shelf("web1", OLD, NEW), other])
    assert [f.where for f in found] == ["web1", "web2"]
    assert found[1].what == f"has another revision in release {OLD} than others: another"


def test_where_there_is_nothing_to_go_back_to_that_is_said() -> None:
    shelves = [shelf("web1", NEW)]
    (found,) = against(to_roll_back_to(shelves), shelves)
    assert found.what.startswith("no release to go back to")


@pytest.mark.parametrize("currents", [(NEWER, NEW), (NEW, NEWER)])
def test_after_a_deploy_that_halted_part_way_the_others_show_what_to_go_back_to(
    currents: tuple[str, str],
) -> None:
    shelves = [
        shelf(f"web{n}", OLD, NEW, NEWER, current=current) for n, current in enumerate(currents)
    ]
    assert to_roll_back_to(shelves) == NEW
    assert against(NEW, shelves) == ()
