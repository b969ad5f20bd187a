"""What ``releases`` and ``prune`` answer."""

import json
from dataclasses import replace

from rollout.events import Event, Noted, ReleasesPruned
from rollout.model.fleet import Finding
from rollout.model.releases import HostReleases, ReleaseOnHost, ReleaseSizes, ReleaseStatus
from rollout.output.releases import (
    PrunePlan,
    prune_plan_json,
    prune_plan_text,
    prune_question,
    pruned_json,
    pruned_sentence,
    pruned_table,
    releases_json,
    releases_table,
)

SHELVES = (
    HostReleases(
        "web1",
        link="/srv/shop/releases/20260201000000",
        current="20260201000000",
        releases=(
            ReleaseOnHost("20260101000000", "", ReleaseStatus.NONE),
            ReleaseOnHost(
                "20260201000000", "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334", ReleaseStatus.GOOD
            ),
            ReleaseOnHost("20260301000000", "\x1b[31mred", ReleaseStatus.BAD, unfinished=True),
        ),
        running=frozenset({"20260101000000", "20260201000000"}),
    ),
    HostReleases("web2", link="/srv/else\x07where"),
)
LOST = (Finding("web3", "no route to host", "is it up?"),)


def test_releases_stand_below_their_host_oldest_first() -> None:
    assert releases_table(SHELVES, LOST) == (
        "HOST  RELEASE         REVISION      VERDICT     STATE\n"
        "web1  20260101000000  none          not judged  running\n"
        "      20260201000000  a1b2c3d4e5f6  good        current, running\n"
        "      20260301000000  red           bad         unfinished\n"
        "web2  no releases\n"
        f"{'':48}current leads to /srv/else�where, none of these\n"
        "\n"
        "  web3   no route to host\n"
        "         fix: is it up?\n"
    )


def test_machines_get_the_same() -> None:
    told = json.loads(releases_json(SHELVES, LOST))
    assert told["hosts"][0]["current"] == "20260201000000"
    assert told["hosts"][0]["releases"][2] == {
        "name": "20260301000000",
        "revision": "\x1b[31mred",
        "mark": "bad",
        "unfinished": True,
        "again": False,
        "running": False,
    }
    assert told["findings"][0]["where"] == "web3"


GOING = {"web1": ("20260101000000", "20260102000000")}
KEPT = {
    "web1": {"20260201000000": "of the 5 newest good ones", "20260301000000": "live"},
    "web10": {"20260301000000": "live"},
}


SIZES = ReleaseSizes({"20260101000000": 412_000_000, "20260102000000": 8192}, 411_000_000)


def test_what_prune_would_do_is_shown_with_what_stays_and_why() -> None:
    plan = PrunePlan(GOING, KEPT, sizes={"web1": SIZES})
    assert prune_plan_text(plan, 60) == (
        "Plan: remove 2 releases from 1 of 2 hosts, which frees\n"
        "411 MB. Nothing was changed.\n"
        "\n"
        "  web1   remove  20260101000000 (412 MB),\n"
        "                 20260102000000 (8 kB)\n"
        "         frees   411 MB; the other files have links from\n"
        "                 releases that stay\n"
        "         keep    20260201000000 (of the 5 newest good ones),\n"
        "                 20260301000000 (live)\n"
        "  web10  keep    20260301000000 (live)\n"
    )
    assert prune_question(plan) == "Remove 2 releases from 1 host?"
    assert json.loads(prune_plan_json(plan)) == {
        "v": 1,
        "remove": {"web1": ["20260101000000", "20260102000000"]},
        "keep": KEPT,
        "sizes": {
            "web1": {
                "taken": {"20260101000000": 412_000_000, "20260102000000": 8192},
                "freed": 411_000_000,
            }
        },
        "findings": [],
    }


def test_a_size_that_no_host_told_in_time_is_said_to_be_unknown() -> None:
    going = {**GOING, "web10": ("20260101000000",)}
    plan = PrunePlan(going, KEPT, sizes={"web1": SIZES, "web10": None})
    said = prune_plan_text(plan, 120)
    assert "which frees 411 MB and what is not known of 1 host. Nothing was changed." in said
    assert "  web10  remove  20260101000000\n         frees   not known\n" in said
    assert json.loads(prune_plan_json(plan))["sizes"]["web10"] is None
    assert "frees" not in prune_plan_text(PrunePlan(GOING, KEPT), 100).partition("\n")[0]


def test_what_takes_no_more_than_it_frees_has_no_links_elsewhere() -> None:
    plan = PrunePlan(GOING, KEPT, sizes={"web1": replace(SIZES, freed=412_008_192)})
    assert "         frees   412 MB\n" in prune_plan_text(plan, 100)


def test_a_prune_of_nothing_and_one_that_is_refused_say_so_first() -> None:
    nothing = prune_plan_text(PrunePlan({}, KEPT), 80)
    assert nothing.startswith("Plan: nothing to remove. Nothing was changed.\n\n  web1   keep")
    refused = prune_plan_text(PrunePlan({}, KEPT, LOST), 80)
    assert refused.startswith("prune would be refused: not every host could be seen.")
    assert "  web3   no route to host\n         fix: is it up?\n" in refused


def test_what_was_pruned_is_listed_and_what_was_not_is_named() -> None:
    told: list[Event] = [
        ReleasesPruned(host="web1", releases=("20260101000000", "20260102000000")),
        Noted(where="web2", what="not pruned: Permission denied"),
    ]
    assert pruned_table(told, ()) == (
        "web1  removed  20260101000000, 20260102000000\n"
        "web2  FAILED   not pruned: Permission denied\n"
    )
    assert pruned_sentence(told, ()) == "halted, removed 2 from 1 host; on 1 it failed."
    assert json.loads(pruned_json(told, ()))["failed"] == {"web2": "not pruned: Permission denied"}


def test_nothing_to_prune_is_no_table() -> None:
    assert pruned_table([], ()) == ""
    assert pruned_sentence([], ()) == "done, nothing to remove."
    assert (
        pruned_sentence([], LOST) == "refused, nothing was removed: not every host could be seen."
    )
