"""What we hold is in the journal, then in the lock, and only then is the act done."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import pytest

from rollout.lock.guarded_releases import GuardedReleases
from rollout.lock.ownership_log import PersistentOwnershipLog
from rollout.model.errors import LockError, LockLost, RecordError, RolloutError
from rollout.model.fleet import AdminState, Finding
from rollout.model.lock_state import LockOwner, LockState
from rollout.model.ownership import OwnedTarget, ServerSnapshot
from rollout.model.releases import BuildStep, HostReleases, Release, ReleaseStatus
from tests.support.left_out import owned_target, target

T = TypeVar("T")

WEB1 = target("web1")
FOUND = tuple(ServerSnapshot(server, 100, agent=False) for server in WEB1.servers)
SEAT = WEB1.servers[0]
DRAIN = {SEAT: (AdminState.READY, AdminState.DRAIN)}
FULL = RecordError("the disk is full")
LOST = LockLost("lb1", "bob")


@dataclass
class Paper:
    """Journal, lock and releases in one: what was written where, in order."""

    said: list[str] = field(default_factory=list)
    journal: RolloutError | None = None
    lock: RolloutError | None = None
    room: RolloutError | None = None
    listed: tuple[OwnedTarget, ...] = ()

    # the journal
    def has_room(self) -> None:
        if self.room:
            raise self.room

    async def held(self, one: OwnedTarget) -> None:
        if self.journal:
            raise self.journal
        self.said.append(f"journal {one.target} {'asked' if one.asked else 'held'}")

    async def released(self, target: str, *, restarted: bool, renewed: Sequence[str] = ()) -> None:
        del renewed
        if self.journal:
            raise self.journal
        self.said.append(f"journal {target} released {restarted}")

    async def inherited_all(self) -> None: ...

    # the lock
    async def look(self) -> tuple[LockState, ...]:
        return ()

    async def take(self, owner: LockOwner) -> None:
        del owner

    async def take_over(
        self, old: str, owner: LockOwner, *, seize: Sequence[LockState] = ()
    ) -> None:
        del old, owner, seize

    async def beat(self) -> None: ...
    async def settled(self) -> Mapping[str, str]:
        return {}

    async def leave_behind(self, how: str) -> tuple[RolloutError, ...]:
        del how
        return ()

    async def release(self) -> tuple[RolloutError, ...]:
        return ()

    async def keep(
        self, owned_targets: Sequence[OwnedTarget] | None = None, *, everywhere: bool
    ) -> None:
        if self.lock:
            raise self.lock
        if owned_targets is not None:
            self.listed = tuple(owned_targets)
        names = (
            ",".join(one.target.name for one in owned_targets or ())
            if owned_targets is not None
            else "-"
        )
        self.said.append(f"lock {names or 'nobody'}{' everywhere' if everywhere else ''}")


def now(scenario: Coroutine[object, object, T]) -> T:
    return asyncio.run(scenario)


def test_all_that_is_about_to_be_done_is_in_the_journal_and_then_in_the_lock() -> None:
    paper = Paper()
    record = PersistentOwnershipLog(paper, paper)
    now(record.own(WEB1, FOUND))
    now(record.records_intent("web1", DRAIN, returning=False))
    now(record.asked("web1", {"mongrel_8000": None}, ""))
    now(record.released("web1", restarted=True))
    assert paper.said == [
        "journal web1 held",
        "lock web1 everywhere",
        "journal web1 held",
        "lock web1",
        "journal web1 asked",
        "lock web1 everywhere",
        "journal web1 released True",
        "lock nobody",
    ]
    assert record.owned_targets == ()


def test_nobody_is_taken_out_where_there_is_no_room_to_write_on() -> None:
    paper = Paper(room=FULL)
    record = PersistentOwnershipLog(paper, paper)
    with pytest.raises(RecordError):
        now(record.own(WEB1, FOUND))
    assert paper.said == []
    assert record.owned_targets == ()


@pytest.mark.parametrize("error", [LOST, LockError("lb1", "no answer")])
def test_what_the_lock_did_not_take_is_not_ours_and_no_record_goes_on_saying_so(
    error: RolloutError,
) -> None:
    """The account calls it untouched; the next run must not hear that it was left out."""
    paper = Paper(lock=error)
    record = PersistentOwnershipLog(paper, paper)
    with pytest.raises(type(error)):
        now(record.own(WEB1, FOUND))
    assert record.owned_target("web1") is None
    assert paper.said in ([], ["journal web1 held", "journal web1 released False"])


def test_what_the_journal_does_not_know_is_not_told() -> None:
    paper = Paper()
    record = PersistentOwnershipLog(paper, paper)
    now(record.own(WEB1, FOUND))
    paper.journal = FULL
    with pytest.raises(RecordError):
        now(record.records_intent("web1", DRAIN, returning=False))
    with pytest.raises(RecordError):
        now(record.asked("web1", {"mongrel_8000": None}, ""))
    assert not record.was_asked("web1")


def test_a_full_disk_keeps_nobody_out_who_returns() -> None:
    paper = Paper()
    record = PersistentOwnershipLog(paper, paper)
    now(record.own(WEB1, FOUND))
    paper.journal = FULL
    now(record.records_intent("web1", {SEAT: (AdminState.READY,)}, returning=True))
    now(record.released("web1", restarted=False))
    assert record.owned_targets == ()


def test_nobody_is_told_anything_any_more_once_the_lock_is_lost() -> None:
    paper = Paper()
    record = PersistentOwnershipLog(paper, paper)
    now(record.own(WEB1, FOUND))
    now(record.records_intent("web1", DRAIN, returning=False))
    paper.lock = LOST
    with pytest.raises(LockLost):
        now(record.records_intent("web1", DRAIN, returning=False))  # though nothing is new
    with pytest.raises(LockLost):
        now(record.records_intent("web1", {SEAT: (AdminState.READY,)}, returning=True))
    with pytest.raises(LockLost):
        now(record.asked("web1", {"mongrel_8000": None}, ""))
    with pytest.raises(LockLost):
        now(record.still_ours())


def test_what_says_nothing_new_is_not_written_again() -> None:
    paper = Paper()
    record = PersistentOwnershipLog(paper, paper)
    now(record.own(WEB1, FOUND))
    now(record.records_intent("web1", DRAIN, returning=False))
    paper.said.clear()
    now(record.records_intent("web1", DRAIN, returning=False))
    assert paper.said == ["lock -"]


def test_a_target_is_out_since_a_load_balancer_was_first_to_be_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Between its being owned and that lie writes, and the operator's commands before a host."""
    moments = (f"2026-11-28T02:00:0{second}.000Z" for second in range(9))
    monkeypatch.setattr("rollout.lock.ownership_log.utc_now", lambda: next(moments))
    paper = Paper()
    record = PersistentOwnershipLog(paper, paper)
    now(record.own(WEB1, FOUND))
    assert paper.listed[0].since == "2026-11-28T02:00:00.000Z"
    now(record.records_intent("web1", DRAIN, returning=False))
    assert paper.listed[0].since == "2026-11-28T02:00:01.000Z", "should it die here"
    for told in ((AdminState.DRAIN, AdminState.MAINT), (AdminState.MAINT, AdminState.READY)):
        now(record.records_intent("web1", {SEAT: told}, returning=False))
        assert paper.listed[0].since == "2026-11-28T02:00:02.000Z", "the write took its time"


def test_what_was_seen_since_an_order_reaches_the_lock_a_little_later() -> None:
    paper = Paper()
    record = PersistentOwnershipLog(paper, paper)
    now(record.own(WEB1, FOUND))
    now(record.records_intent("web1", DRAIN, returning=False))
    paper.said.clear()
    seen = {SEAT: (AdminState.DRAIN,)}
    now(record.records_intent("web1", seen, returning=None))
    assert paper.said == ["journal web1 held"]
    now(record.catch_up())
    assert paper.said == ["journal web1 held", "lock web1"]
    assert paper.listed[0].possible_states == seen
    now(record.catch_up())
    assert paper.said == ["journal web1 held", "lock web1"], "it is there already"


def test_a_release_that_did_not_reach_the_lock_is_written_before_it_is_given_back() -> None:
    paper = Paper()
    record = PersistentOwnershipLog(paper, paper)
    now(record.own(WEB1, FOUND))
    paper.lock = LockError("lb1", "no answer")
    now(record.released("web1", restarted=True))
    assert paper.listed
    paper.lock = None
    now(record.catch_up())
    assert paper.listed == ()


def test_asked_anew_the_lock_is_asked_everywhere() -> None:
    paper = Paper()
    record = PersistentOwnershipLog(paper, paper)
    now(record.still_ours())
    now(record.still_ours(anew=True))
    assert paper.said == ["lock -", "lock - everywhere"]


def test_what_a_run_before_had_left_out_is_listed_with_what_is_ours() -> None:
    paper = Paper()
    record = PersistentOwnershipLog(paper, paper, [owned_target("web9", asked=True)])
    assert record.was_asked("web9")
    now(record.own(WEB1, FOUND))
    assert [one.target.name for one in paper.listed] == ["web9", "web1"]
    now(record.released("web9", restarted=True))
    assert [one.target.name for one in paper.listed] == ["web1"]


def test_that_a_release_cannot_be_written_is_no_reason_to_stop() -> None:
    paper = Paper()
    record = PersistentOwnershipLog(paper, paper)
    now(record.own(WEB1, FOUND))
    paper.lock = LOST
    paper.journal = FULL
    now(record.released("web1", restarted=True))
    assert record.owned_targets == ()


def test_a_world_without_journal_and_lock_remembers_all_the_same() -> None:
    record = PersistentOwnershipLog()
    now(record.own(WEB1, FOUND, release="r2", relinked=True))
    now(record.records_intent("web1", DRAIN, returning=False))
    now(record.still_ours())
    found = record.owned_target("web1")
    assert found is not None
    assert (found.release, found.relinked, found.possible_states) == ("r2", True, DRAIN)


# ---- the releases on the hosts' disks


class Disks:
    """Satisfies :class:`rollout.ports.releases.Releases`, and says what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def look(self, host: str) -> HostReleases:
        self.asked.append(f"look {host}")
        return HostReleases(host)

    async def examine(self, host: str) -> tuple[Finding, ...]:
        self.asked.append(f"examine {host}")
        return ()

    def room(self, host: str) -> None:
        del host

    async def sizes(self, host: str, names: Sequence[str]) -> None:
        self.asked.append(f"sizes {host} {names}")

    async def whereabouts(self, host: str, pids: Sequence[int]) -> Mapping[int, str]:
        self.asked.append(f"whereabouts {host} {pids}")
        return {}

    async def revision(self, host: str, release: Release) -> str:
        self.asked.append(f"revision {host} {release.name}")
        return "c0ffee"

    async def tidy(self, host: str) -> tuple[str, ...]:
        self.asked.append(f"tidy {host}")
        return ()

    async def begin(self, host: str, release: Release, *, fresh: bool) -> None:
        self.asked.append(f"begin {host} {release.name} {fresh}")

    async def link_shared(self, host: str, release: Release) -> None:
        self.asked.append(f"link {host} {release.name}")

    async def build(self, host: str, release: Release, step: BuildStep) -> None:
        self.asked.append(f"build {host} {release.name} {step.name}")

    async def switch(self, host: str, release: Release) -> None:
        self.asked.append(f"switch {host} {release.name}")

    async def restore(self, host: str, release: Release) -> None:
        self.asked.append(f"restore {host} {release.name}")

    async def discard(self, host: str, release: Release) -> None:
        self.asked.append(f"discard {host} {release.name}")

    async def settle(self, host: str, release: str, mark: ReleaseStatus) -> None:
        self.asked.append(f"settle {host} {release} {mark}")

    async def prune(self, host: str, names: Sequence[str]) -> tuple[str, ...]:
        self.asked.append(f"prune {host} {names}")
        return ()


RELEASE = Release("20261122230000", "c0ffee")


def changes(on: GuardedReleases) -> list[Coroutine[object, object, object]]:
    return [
        on.tidy("web1"),
        on.begin("web1", RELEASE, fresh=True),
        on.link_shared("web1", RELEASE),
        on.build("web1", RELEASE, BuildStep("css", "make css", 600.0, {})),
        on.switch("web1", RELEASE),
        on.restore("web1", RELEASE),
        on.discard("web1", RELEASE),
        on.settle("web1", RELEASE.name, ReleaseStatus.GOOD),
        on.prune("web1", ["r1"]),
    ]


def test_no_release_is_changed_once_the_lock_is_lost() -> None:
    disks = Disks()
    guarded = GuardedReleases(disks, PersistentOwnershipLog(None, Paper(lock=LOST)))
    for change in changes(guarded):
        with pytest.raises(LockLost):
            now(change)
    assert disks.asked == []


def test_as_long_as_the_lock_is_ours_every_change_gets_through_as_it_was_asked() -> None:
    disks = Disks()
    guarded = GuardedReleases(disks, PersistentOwnershipLog(None, Paper()))
    for change in changes(guarded):
        now(change)
    assert disks.asked == [
        "tidy web1",
        "begin web1 20261122230000 True",
        "link web1 20261122230000",
        "build web1 20261122230000 css",
        "switch web1 20261122230000",
        "restore web1 20261122230000",
        "discard web1 20261122230000",
        "settle web1 20261122230000 good",
        "prune web1 ['r1']",
    ]


def test_looking_at_releases_needs_no_lock() -> None:
    disks = Disks()
    guarded = GuardedReleases(disks, PersistentOwnershipLog(None, Paper(lock=LOST)))
    assert now(guarded.look("web1")) == HostReleases("web1")
    now(guarded.examine("web1"))
    now(guarded.whereabouts("web1", [7]))
    assert now(guarded.revision("web1", RELEASE)) == "c0ffee"
    assert disks.asked == [
        "look web1",
        "examine web1",
        "whereabouts web1 [7]",
        "revision web1 20261122230000",
    ]
