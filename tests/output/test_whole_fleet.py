"""The first sentence says of the whole run, and of every server, only what was seen of all."""

import json

import pytest

from rollout import events
from rollout.deploy.current_links import CurrentOnHost, tell_uneven
from rollout.events import Event
from rollout.output.cron import worth_a_line
from rollout.output.jsonl import json_line, json_summary
from rollout.output.plain import words
from rollout.output.report.headline import headline
from rollout.output.terminal import Size
from rollout.summary.run import Exit
from tests.output.recorded_deploys import BEFORE, RELEASE, switched
from tests.output.recorded_runs import ending_of, stamped, unbroken
from tests.output.screens import drawn

BOTH = ("web1", "web2")
ALL_SERVE = events.FleetSeen(serving=BOTH)
BY_HAND = "app/web2@lb1 is in maint"
MET = " HAProxy sent 3 visitors to web1 in maint (`force-persist` or `option persist`)"
VISITED = events.TargetVisited(target="web1", sessions=3, servers=("app/web1@lb1",))


def turn(name: str, *meanwhile: Event, release: str = "") -> tuple[Event, ...]:
    return (
        events.TargetClaimed(target=name, servers=(f"app/{name}@lb1",)),
        events.TargetDraining(target=name),
        events.TargetInMaint(target=name),
        *meanwhile,
        events.RestartAsked(target=name, instances=("app_1",)),
        events.TargetReturned(target=name),
        events.TargetDone(target=name, seconds=3.0, release=release),
    )


def restart(*stream: Event) -> tuple[Event, ...]:
    return events.RolloutStarted(targets=BOTH, max_out=1, floor="1"), *stream


def deploy(*stream: Event) -> tuple[Event, ...]:
    return (
        events.DeployStarted(release=RELEASE, revision="", hosts=BOTH, fresh=True),
        *switched(BOTH),
        events.ReleaseInPlace(release=RELEASE, before=dict.fromkeys(BOTH, BEFORE)),
        *restart(*stream),
    )


def live(*seen: Event) -> tuple[Event, ...]:
    through = (event for name in BOTH for event in turn(name, release=RELEASE))
    finished = events.DeployFinished(release=RELEASE, revision="")
    return deploy(*through, *seen, events.RolloutFinished(), finished)


def restarted(*seen: Event) -> tuple[Event, ...]:
    return restart(*turn("web1"), *turn("web2"), *seen, events.RolloutFinished())


@pytest.mark.parametrize("whole", [live, restarted], ids=["deploy", "restart"])
def test_none_is_missing_only_where_every_target_was_seen_to_serve(whole: type) -> None:
    assert ", all serving." in headline(ending_of(whole(ALL_SERVE)))
    for seen in (
        events.FleetSeen(serving=("web1",), taken={"web2": BY_HAND}),
        events.FleetSeen(serving=("web1",), gone=("web2",)),
        events.FleetSeen(serving=("web2",), unseen={"lb1": "connection refused"}),
        events.FleetSeen(serving=BOTH, unseen={"lb9": "connection refused"}),
    ):
        ending = ending_of(whole(seen))
        assert ending.exit_code is Exit.DONE
        assert "all serving" not in headline(ending)
        assert worth_a_line(ending.summary)
    for of_a_part in ((), (events.FleetSeen(serving=("web1",)),)):
        assert "all serving" not in headline(ending_of(whole(*of_a_part)))


def test_a_target_whose_server_lines_are_all_gone_at_the_end_is_named() -> None:
    gone = "HAProxy has no server of it that is switched on"
    ending = ending_of(restarted(events.FleetSeen(serving=("web2",), gone=("web1",))))
    assert f"Not serving now, and not because of this run: web1 ({gone})." in unbroken(ending)
    assert worth_a_line(ending.summary)


def test_a_look_at_some_targets_says_nothing_of_the_others() -> None:
    by_hand = events.FleetSeen(serving=("web1",), taken={"web2": BY_HAND})
    ending = ending_of(restarted(by_hand, events.FleetSeen(serving=("web1",))))
    assert f"not because of this run: web2 ({BY_HAND})." in headline(ending)
    assert "all serving" not in headline(ending)
    back = ending_of(restarted(by_hand, events.FleetSeen(serving=("web2",))))
    assert ", all serving." in headline(back)


def test_what_visitors_met_is_told_however_the_run_ends() -> None:
    left = events.TargetLeftOut(target="web1", state="maint", reason="no", asked=True, look="x")
    halted = events.RolloutHalted(reason="web1: no")
    for stream in (
        live(VISITED, ALL_SERVE),
        restarted(VISITED, ALL_SERVE),
        restart(*turn("web1", VISITED), halted),
        restart(*turn("web1"), VISITED, left, halted),
    ):
        assert headline(ending_of(stream)).count(MET) == 1


TAKEN_UP = events.TargetAdopted(target="web1", servers=("app/web1@lb1",), asked=True)
CUT = events.SessionsCut(target="web1", sessions=7)


@pytest.mark.parametrize(
    "later",
    [
        TAKEN_UP,
        events.TargetClaimed(target="web1", servers=("app/web1@lb1",)),
        events.TargetNotStarted(target="web1", reason="no room"),
        events.TargetRecovered(target="web1", restarted=True),
        events.TargetRecovered(target="web1", restarted=False),
        events.TargetReturnedUntouched(target="web1", reason="no"),
        events.TargetSkipped(target="web1", reason="in maint, not by rollout"),
        events.RolloutStarted(targets=BOTH, max_out=1, floor="1"),
        events.RecoveryStarted(of="a1b2c3", targets=("web1",)),
        events.RunResumed(of="a1b2c3", done=("web1",)),
    ],
    ids=lambda event: str(event.wire),
)
def test_sessions_that_were_cut_and_visitors_in_maint_are_never_forgotten(later: Event) -> None:
    claimed = events.TargetClaimed(target="web1", servers=("app/web1@lb1",))
    line = ending_of(restart(claimed, CUT, VISITED, later)).summary.lines["web1"]
    assert (line.cut, line.visited) == (7, 3)


def test_what_another_hand_took_of_a_dead_run_keeps_what_its_visitors_met() -> None:
    recovery = events.RecoveryStarted(of="a1b2c3", targets=("web1",))
    theirs = events.TargetSkipped(target="web1", reason="changed from outside since")
    line = ending_of((recovery, CUT, VISITED, theirs)).summary.lines["web1"]
    assert (line.cut, line.visited) == (7, 3)


def test_a_rollback_confesses_what_the_way_there_and_back_cost() -> None:
    left = events.TargetLeftOut(target="web1", state="maint", reason="no", asked=True, look="x")
    stream = deploy(
        *turn("web1", CUT)[:-2],
        left,
        VISITED,
        events.RolloutHalted(reason="web1: no"),
        events.RollbackStarted(release=RELEASE, targets=("web1",), reason="web1: no"),
        TAKEN_UP,
        events.RestartAsked(target="web1", instances=("app_1",)),
        events.TargetReturned(target="web1"),
        events.TargetDone(target="web1", seconds=3.0, release=BEFORE),
        events.RollbackFinished(release=RELEASE),
        ALL_SERVE,
    )
    ending = ending_of(stream)
    assert ending.exit_code is Exit.ROLLED_BACK
    assert " 7 sessions were cut off: web1 7." in headline(ending)
    assert MET in headline(ending)


DOWN = events.FleetSeen(serving=("web2",), down={"web1": "app/web1@lb1 is DOWN"})


def test_a_server_that_is_down_again_is_told_in_one_clean_sentence() -> None:
    for whole in (live, restarted):
        first = unbroken(ending_of(whole(DOWN))).splitlines()[0]
        assert first.startswith(
            "rollout: FAILED (exit 6): web1 is DOWN again. That is 1 of 2 hosts. Finished"
        )


def test_a_server_that_is_down_again_is_not_told_to_be_taken_up() -> None:
    spelled = json.loads(json_summary(ending_of(live(DOWN))))
    typed = [step["command"] for step in spelled["next"]]
    back = f"rollout rollback --to {BEFORE} --hosts web1 --accept-sick"
    assert back in typed
    assert not [command for command in typed if "--include-left-out" in command]
    (web1,) = [one for one in spelled["targets"] if one["target"] == "web1"]
    assert (web1["old_code"], web1["recover"], web1["bring_back"]) == (back, "", [])


def test_what_failed_beside_a_server_that_is_down_again_is_not_told_to_be_taken_up() -> None:
    moved = events.CurrentSwitched(host="web1", release=RELEASE)
    stream = (
        events.DeployStarted(release=RELEASE, revision="", hosts=BOTH, fresh=True),
        events.ReleaseInPlace(release=RELEASE, before=dict.fromkeys(BOTH, BEFORE)),
        *restart(moved, *turn("web1", release=RELEASE)),
        events.TargetNotStarted(target="web2", reason="no room"),
        DOWN,
        events.RolloutHalted(reason="web2: no room"),
    )
    said_of_it = unbroken(ending_of(stream))
    assert "                 rollout uninterrupted --accept-sick\n" in said_of_it
    assert "--include-left-out" not in said_of_it


@pytest.mark.parametrize("restarted_in_it", [True, False])
def test_what_came_back_and_does_not_serve_is_not_said_to_serve(*, restarted_in_it: bool) -> None:
    how = BY_HAND.replace("web2", "web1")
    stream = (
        events.RecoveryStarted(of="a1b2c3", targets=("web1",)),
        events.TargetAdopted(target="web1", servers=("app/web1@lb2",), asked=False),
        events.TargetRecovered(target="web1", restarted=restarted_in_it),
        events.FleetSeen(taken={"web1": how}),
        events.RecoveryFinished(),
    )
    ending = ending_of(stream)
    assert headline(ending) == (
        "recovered. No server is out because of run a1b2c3."
        f" Not serving now, and not because of this run: web1 ({how})."
    )
    picture = "\n".join(drawn(ending.summary, Size(120, 24)))
    assert "serving" not in picture.replace("not serving", "")
    halted = unbroken(ending_of((*stream, events.RolloutHalted(reason="x"))))
    assert "serving as it was found" not in halted
    assert "serving, " not in halted


def test_what_monit_was_asked_in_vain_is_told_to_machines_and_still_to_be_restarted() -> None:
    kept = events.TargetReturnedUntouched(target="web1", reason="it kept its process", asked=True)
    asked = events.RestartAsked(target="web1", instances=("app_1",))
    ending = ending_of(restart(asked, kept, events.RolloutHalted(reason="web1: kept")))
    spelled = json.loads(json_summary(ending))
    assert [one["asked"] for one in spelled["targets"] if one["target"] == "web1"] == [True]
    assert "  1  go on  # restarts web1, web2\n            rollout resume\n" in unbroken(ending)


@pytest.mark.parametrize(
    ("running", "hidden", "runs"),
    [
        ({}, (), "no instance of it runs"),
        ({}, ("a",), "its instances run what this login cannot see"),
        ({"a": BEFORE}, ("b",), f"a runs {BEFORE}, b runs what this login cannot see"),
        ({"a": BEFORE, "b": BEFORE}, (), f"its instances run {BEFORE}"),
    ],
)
def test_what_the_login_cannot_see_is_not_said_to_be_down(
    running: dict[str, str], hidden: tuple[str, ...], runs: str
) -> None:
    told_of: list[Event] = []
    unfinished = frozenset({RELEASE})
    tell_uneven([CurrentOnHost("web1", RELEASE, running, hidden, unfinished)], told_of.append)
    (seen,) = told_of
    recovery = (events.RecoveryStarted(of="a1b2c3", targets=()), seen)
    ending = ending_of((*recovery, events.RecoveryFinished()))
    assert words(seen) == f"`current` leads to {RELEASE}; {runs}"
    assert f" `current` of web1 leads to {RELEASE}, {runs}." in headline(ending)
    assert f"leads to {RELEASE} on web1; {runs}\n" in unbroken(
        ending_of((*recovery, events.RolloutHalted(reason="x")))
    )
    assert tuple(json.loads(json_line(stamped(seen)))["hidden"]) == hidden
