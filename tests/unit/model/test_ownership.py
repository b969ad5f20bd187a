"""What a run holds tells what is ours from what somebody has changed since."""

import pytest

from rollout.model.fleet import Admin, AdminState, ProcessIdentity
from rollout.model.ownership import OwnedTarget, ServerSnapshot
from tests.support.left_out import row, server, target

READY, DRAIN, MAINT = AdminState.READY, AdminState.DRAIN, AdminState.MAINT

AS_READY, AS_DRAIN, AS_MAINT = Admin(0), Admin.FORCED_DRAIN, Admin.FORCED_MAINT


def held(*told: AdminState) -> OwnedTarget:
    of = target("web1")
    found = tuple(ServerSnapshot(one, 100, agent=False) for one in of.servers)
    return OwnedTarget(
        target=of, found=found, possible_states=dict.fromkeys(of.servers, told) if told else {}
    )


@pytest.mark.parametrize(
    ("told", "admin", "ours"),
    [
        ((DRAIN,), AS_DRAIN, DRAIN),
        ((MAINT,), AS_MAINT, MAINT),
        ((READY,), AS_READY, READY),
        ((DRAIN,), AS_MAINT, None),
        ((MAINT,), AS_DRAIN, None),
        ((MAINT,), AS_READY, None),
        ((DRAIN, MAINT), AS_DRAIN, DRAIN),
        ((DRAIN, MAINT), AS_MAINT, MAINT),
        ((DRAIN, MAINT), AS_READY, None),
        ((READY, DRAIN), AS_READY, READY),
        ((READY, DRAIN), AS_DRAIN, DRAIN),
        ((DRAIN, MAINT), AS_DRAIN | AS_MAINT, None),
        ((DRAIN,), Admin.CONFIG_MAINT | AS_DRAIN, DRAIN),
        ((MAINT,), Admin.FQDN_BY_CLI | AS_MAINT, MAINT),
    ],
)
def test_a_seat_is_ours_in_the_states_that_it_was_or_may_have_been_told(
    told: tuple[AdminState, ...], admin: Admin, ours: AdminState | None
) -> None:
    assert held(*told).ours(row(server(), admin)) is ours


@pytest.mark.parametrize(("admin", "ours"), [(AS_READY, READY), (AS_DRAIN, None), (AS_MAINT, None)])
def test_a_seat_that_was_not_told_anything_yet_is_ours_only_as_it_was_found(
    admin: Admin, ours: AdminState | None
) -> None:
    assert held().ours(row(server(), admin)) is ours


def test_the_status_word_is_no_evidence_for_the_bits_decide() -> None:
    assert held(DRAIN).ours(row(server(), AS_DRAIN, status="DOWN")) is DRAIN
    assert held(MAINT).ours(row(server(), AS_READY, status="MAINT")) is None


def test_what_is_told_to_one_seat_leaves_what_another_was_told() -> None:
    one, two = target("web1", balancers=2).servers
    before = OwnedTarget(
        target=target("web1", balancers=2), found=(), possible_states={one: (DRAIN,), two: (DRAIN,)}
    )
    now = before.told_too({two: (DRAIN, MAINT)}, returning=False)
    assert now.possible_states == {one: (DRAIN,), two: (DRAIN, MAINT)}
    assert now.told_too({one: (READY,)}, returning=True).returning
    assert before.possible_states == {one: (DRAIN,), two: (DRAIN,)}, (
        "what was written down stays so"
    )


def test_who_was_asked_stays_asked_with_the_process_of_that_moment() -> None:
    first, second = ProcessIdentity(100, 5, "boot"), None
    now = (
        held(MAINT)
        .asked_too({"mongrel_8000": first}, "r2")
        .asked_too({"mongrel_8001": second}, "r2")
    )
    assert now.asked == {"mongrel_8000": first, "mongrel_8001": None}
    assert now.release == "r2"
