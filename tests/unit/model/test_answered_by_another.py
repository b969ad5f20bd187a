"""When an answer on the port may be that of another process than the new one."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from rollout.model.conditions import answered_by_another
from rollout.model.fleet import InstanceState, ProcessIdentity, ProcessState, Survivor
from rollout.model.releases import Release

OLD, NEW = "20260101000000", "20260202000000"
APP = InstanceState(
    name="app_8000",
    state=ProcessState.RUNNING,
    detail="OK",
    pending="",
    process=ProcessIdentity(7, 70, "b"),
    port=8000,
)


def with_survivor(*, listens: bool | None) -> InstanceState:
    return replace(APP, survivors=(Survivor(5, "ruby", listens),))


@pytest.mark.parametrize(
    ("listens", "said"),
    [(True, "still listens on port 8000"), (None, "has not ended, and may answer"), (False, "")],
)
def test_a_survivor_counts_unless_it_is_seen_not_to_listen(
    listens: bool | None,  # noqa: FBT001 - as it is seen
    said: str,
) -> None:
    words = answered_by_another(with_survivor(listens=listens), None, {})
    assert said in words
    assert bool(words) == bool(said)
    if said:
        assert "app_8000: pid 5 (ruby) from before the restart" in words


@pytest.mark.parametrize(
    ("release", "places", "said"),
    [
        (NEW, {5: OLD, 7: NEW}, f"still works in release {OLD}"),
        (NEW, {5: NEW, 7: NEW}, ""),
        (NEW, {5: "/", 7: NEW}, ""),
        (NEW, {7: NEW}, ""),
        ("", {}, ""),
    ],
)
def test_a_helper_counts_only_where_it_works_in_another_release(
    release: str, places: Mapping[int, str], said: str
) -> None:
    wanted = Release(release, "") if release else None
    words = answered_by_another(with_survivor(listens=False), wanted, places)
    assert said in words
    assert bool(words) == bool(said)


def test_a_port_that_another_process_took_over_is_no_proof() -> None:
    words = answered_by_another(replace(APP, port_lost=True), None, {})
    assert words == "app_8000: another process listens on port 8000, and its own 7 does not"
    assert answered_by_another(APP, None, {}) == ""
