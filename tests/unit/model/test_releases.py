"""Which release is next, which one a rollback goes to, and which ones may go."""

from datetime import UTC, datetime, timedelta, timezone

from rollout.deploy.disk_preflight import rollback_blockers
from rollout.model.releases import (
    HostReleases,
    ReleaseOnHost,
    ReleaseStatus,
    next_name,
    to_prune,
    to_roll_back_to,
    why_kept,
)

NOW = datetime(2026, 11, 22, 19, 37, 2, tzinfo=UTC)
A, B, C, D, E = (f"2026010{day}000000" for day in range(1, 6))


def host_releases(
    current: str, *releases: str | ReleaseOnHost, host: str = "web1", running: str = ""
) -> HostReleases:
    return HostReleases(
        host=host,
        current=current,
        releases=tuple(r if isinstance(r, ReleaseOnHost) else ReleaseOnHost(r) for r in releases),
        running=frozenset(filter(None, [running])),
    )


def good(name: str) -> ReleaseOnHost:
    return ReleaseOnHost(name, mark=ReleaseStatus.GOOD)


def bad(name: str) -> ReleaseOnHost:
    return ReleaseOnHost(name, mark=ReleaseStatus.BAD)


def unfinished(name: str) -> ReleaseOnHost:
    return ReleaseOnHost(name, unfinished=True)


def test_a_release_is_named_by_the_utc_second() -> None:
    there = NOW.astimezone(timezone(timedelta(hours=9)))
    assert next_name(there, []) == "20261122193702"


def test_a_clock_that_was_set_back_makes_no_release_older_than_the_live_one() -> None:
    assert (
        next_name(NOW, [host_releases(A, A), host_releases(A, "20261122235959")])
        == "20261123000000"
    )
    assert next_name(NOW, [host_releases(A, "20261122193702")]) == "20261122193703"
    assert next_name(NOW, [host_releases(A, "20269999999999")]) == "20270000000000"


def test_a_rollback_goes_to_the_last_good_one_that_every_host_has() -> None:
    here = host_releases(D, good(A), good(B), good(C), good(D))
    there = host_releases(D, good(A), good(B), good(D), host="web2")
    assert to_roll_back_to([here, there]) == B


def test_a_rollback_that_did_not_end_can_be_gone_on_with() -> None:
    again = ReleaseOnHost(B, mark=ReleaseStatus.GOOD, unfinished=True, again=True)
    seen = [
        host_releases(C, good(A), again, good(C)),
        host_releases(B, good(A), again, good(C), host="web2"),
    ]
    assert rollback_blockers(B, seen) == ()
    assert to_roll_back_to(seen) == B
    (found,) = rollback_blockers(B, [host_releases(C, good(A), unfinished(B), good(C))])
    assert "did not end there" in found.what


def test_a_bad_or_unfinished_release_is_never_rolled_back_to() -> None:
    assert to_roll_back_to([host_releases(D, good(A), bad(B), unfinished(C), good(D))]) == A
    assert (
        to_roll_back_to([host_releases(D, bad(B), D), host_releases(D, good(B), D, host="web2")])
        == ""
    )


def test_where_nothing_is_marked_as_after_capistrano_the_one_before_counts() -> None:
    assert to_roll_back_to([host_releases(C, A, B, C, D)]) == B
    assert to_roll_back_to([host_releases(C, good(A), B, C)]) == A, "a mark is worth more than none"


def test_where_a_deploy_halted_among_the_hosts_the_others_are_where_it_goes() -> None:
    assert to_roll_back_to([host_releases(C, B, C), host_releases(B, B, C, host="web2")]) == B


def test_there_may_be_nothing_to_roll_back_to() -> None:
    assert to_roll_back_to([]) == ""
    assert to_roll_back_to([host_releases(A, A)]) == ""


def test_the_newest_good_ones_are_kept_and_of_the_bad_ones_the_newest() -> None:
    full = host_releases(E, good(A), bad(B), good(C), bad(D), good(E))
    assert to_prune(full, keep=2) == (A, B)
    assert to_prune(full, keep=1) == (A, B, C)
    assert to_prune(full, keep=0) == (A, B, C)


def test_nothing_that_is_needed_is_pruned() -> None:
    assert to_prune(host_releases(A, A, B, C, running=B), keep=1) == ()
    assert to_prune(host_releases(C, A, unfinished(B), C), keep=1, needed=[A]) == ()


def test_each_release_that_stays_has_the_strongest_reason_for_it() -> None:
    full = host_releases(E, good(A), bad(B), unfinished(C), bad(D), good(E), running=A)
    assert why_kept(full, keep=1) == {
        A: "a process runs in it",
        C: "its deploy has not ended",
        D: "the newest bad one",
        E: "live",
    }
    assert why_kept(host_releases(C, good(A), good(B), good(C)), keep=2, needed=[A]) == {
        A: "a rollback goes there",
        B: "of the 2 newest good ones",
        C: "live",
    }


def test_failed_releases_do_not_push_good_ones_out() -> None:
    full = host_releases(C, good(A), good(B), good(C), bad(D), bad(E))
    assert to_prune(full, keep=3) == (D,)


def test_after_a_way_back_that_halted_what_still_runs_is_what_is_left() -> None:
    back = host_releases(B, good(A), good(B), unfinished(C), running=C)
    other = host_releases(B, good(A), good(B), unfinished(C), host="web2", running=B)
    assert to_roll_back_to([back, other]) == B
