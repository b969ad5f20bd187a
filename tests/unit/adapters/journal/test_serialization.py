"""What one version of us wrote down another reads back, through JSON."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollout.adapters.journal.serialization import (
    UNREADABLE,
    read_holder,
    read_holding,
    read_holdings,
    spell_holder,
    spell_holding,
)
from rollout.model.fleet import AdminState, Instance, ProcessIdentity, ProcessTree, Server, Target
from rollout.model.lock_state import Kind, LockOwner, Process
from rollout.model.ownership import OwnedTarget, ServerSnapshot, Silence
from tests.support.left_out import ALICE, owned_target

WORDS = st.text(max_size=12)
NUMBERS = st.integers(1, 2**31)
NAMES = st.from_regex(r"[A-Za-z0-9_.:-]{1,12}", fullmatch=True)
HOSTS = st.from_regex(r"[A-Za-z0-9_.:][A-Za-z0-9_.:-]{0,11}", fullmatch=True)
RELEASES = st.just("") | st.from_regex(r"[0-9]{14}", fullmatch=True)
SEATS = st.builds(Server, NAMES, NAMES, NAMES)
INSTANCES = st.builds(Instance, WORDS, st.integers(0, 65535))
TREES = st.builds(
    ProcessTree,
    st.integers(0, 65535),
    st.lists(st.tuples(NUMBERS, NUMBERS), max_size=3).map(tuple),
    st.lists(NUMBERS, max_size=2).map(tuple),
    st.lists(NUMBERS, max_size=2).map(tuple),
)
BIRTHS = st.builds(ProcessIdentity, NUMBERS, st.none() | NUMBERS, WORDS, st.none() | TREES)
STATES = st.lists(st.sampled_from(AdminState), max_size=3, unique=True).map(tuple)

HOLDERS = st.builds(
    LockOwner,
    run=WORDS,
    kind=st.sampled_from(Kind),
    user=WORDS,
    process=st.builds(
        Process,
        host=WORDS,
        machine=WORDS,
        boot=WORDS,
        namespace=WORDS,
        pid=NUMBERS,
        started=NUMBERS,
    ),
    since=WORDS,
    command=WORDS,
    reason=WORDS,
    sudo_user=WORDS,
    client=WORDS,
)


@st.composite
def owned_targets(draw: st.DrawFn) -> OwnedTarget:
    servers = tuple(draw(st.lists(SEATS, min_size=1, max_size=4, unique=True)))
    instances = tuple(
        draw(st.lists(INSTANCES, min_size=1, max_size=4, unique_by=lambda one: one.name))
    )
    some = st.lists(st.sampled_from(instances), unique=True).map(tuple)
    names = st.sampled_from([one.name for one in instances])
    return OwnedTarget(
        target=Target(
            draw(WORDS), draw(HOSTS), servers, instances, {server: draw(some) for server in servers}
        ),
        found=tuple(
            ServerSnapshot(
                server, draw(st.integers(0, 256)), agent=draw(st.booleans()), status=draw(WORDS)
            )
            for server in servers
        ),
        possible_states=draw(st.dictionaries(st.sampled_from(servers), STATES)),
        asked=draw(st.dictionaries(names, st.none() | BIRTHS)),
        release=draw(RELEASES),
        relinked=draw(st.booleans()),
        returning=draw(st.booleans()),
    )


def through_json(said: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    return json.loads(json.dumps(said))


@given(owned_targets())
@settings(deadline=None)
def test_a_holding_is_read_as_it_was_written(held: OwnedTarget) -> None:
    back = read_holding(through_json(spell_holding(held)))
    assert back == held
    assert back.target.instances_by_server == held.target.instances_by_server
    assert {n: b and b.tree for n, b in back.asked.items()} == {
        n: b and b.tree for n, b in held.asked.items()
    }


@given(st.lists(owned_targets(), max_size=3))
@settings(deadline=None, max_examples=25)
def test_several_holdings_keep_their_order(held: list[OwnedTarget]) -> None:
    spelled = through_json([spell_holding(one) for one in held])
    assert read_holdings(spelled) == tuple(held)


@given(HOLDERS)
@settings(deadline=None)
def test_a_holder_is_read_as_it_was_written(owner: LockOwner) -> None:
    assert read_holder(through_json(spell_holder(owner))) == owner


def test_what_a_first_version_did_not_write_has_its_default() -> None:
    said = spell_holding(owned_target("web1", asked=True))
    for later in ("release", "relinked", "returning"):
        del said[later]
    back = read_holding(said)
    assert (back.release, back.relinked, back.returning) == ("", False, False)
    assert back == owned_target("web1", asked=True)

    said = spell_holder(ALICE)
    del said["command"], said["reason"]
    assert (read_holder(said).command, read_holder(said).reason) == ("", "")


def test_what_a_later_version_adds_is_passed_over() -> None:
    said = spell_holding(owned_target("web1"))
    said["mood"] = "calm"
    said["servers"][0]["colour"] = ["blue"]
    assert read_holding(said) == owned_target("web1")
    words = spell_holder(ALICE)
    words["mood"], words["process"]["cgroup"] = "calm", "/"
    assert read_holder(words) == ALICE


def test_a_restart_that_was_asked_of_an_instance_without_a_process_stays_asked() -> None:
    said = through_json(spell_holding(owned_target("web1").asked_too({"mongrel_8000": None}, "")))
    assert read_holding(said).asked == {"mongrel_8000": None}


def with_seat(**said: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Spell a holding whose first server line says something else."""
    spelled = spell_holding(owned_target())
    return {**spelled, "servers": [{**spelled["servers"][0], **said}, *spelled["servers"][1:]]}


@pytest.mark.parametrize(
    "said",
    [
        None,
        [],
        "words",
        7,
        {},
        {"target": "web1"},
        {**spell_holding(owned_target()), "servers": None},
        {**spell_holding(owned_target()), "servers": [{"balancer": "lb1"}]},
        {**spell_holding(owned_target()), "instances": [["mongrel_8000"]]},
        {**spell_holding(owned_target()), "instances": []},
        {**spell_holding(owned_target()), "asked": {"mongrel_8000": {"pid": "x"}}},
        {**spell_holding(owned_target()), "asked": {"mongrel_8000": {"pid": float("inf")}}},
        {**spell_holding(owned_target()), "host": "web1;id"},
        {**spell_holding(owned_target()), "host": "-oProxyCommand=id"},
        {**spell_holding(owned_target()), "host": "web1\nweb2"},
        {**spell_holding(owned_target()), "host": ["web1"]},
        {**spell_holding(owned_target()), "instances": [["mongrel_8000", 70_000]]},
        {**spell_holding(owned_target()), "asked": {"another": None}},
        {**spell_holding(owned_target()), "release": "../../etc"},
        {**spell_holding(owned_target()), "release": None},
        {**spell_holding(owned_target()), "servers": {}},
        {**spell_holding(owned_target()), "instances": {"mongrel_8000": 8000}},
        {**spell_holding(owned_target()), "asked": [["mongrel_8000", None]]},
        with_seat(weight=257),
        with_seat(weight=-1),
        with_seat(weight=True),
        with_seat(weight="256"),
        with_seat(server="web1 state maint;"),
        with_seat(backend="a/b"),
        with_seat(told=["gone"]),
        with_seat(told=""),
        with_seat(behind="mongrel_8000"),
        with_seat(port=80.0),
        with_seat(port="80"),
        with_seat(address=None),
    ],
)
def test_what_is_no_holding_is_said_to_be_none(said: Any) -> None:  # noqa: ANN401 - anything
    with pytest.raises(UNREADABLE):
        read_holding(said)


@pytest.mark.parametrize(
    "said",
    [
        None,
        [],
        7,
        {},
        {**spell_holder(ALICE), "kind": "ghost"},
        {**spell_holder(ALICE), "process": None},
        {**spell_holder(ALICE), "process": {**spell_holder(ALICE)["process"], "pid": "x"}},
        {**spell_holder(ALICE), "process": {**spell_holder(ALICE)["process"], "pid": 1e999}},
        {**spell_holder(ALICE), "process": {**spell_holder(ALICE)["process"], "pid": True}},
        {**spell_holder(ALICE), "process": {**spell_holder(ALICE)["process"], "pid": "4711"}},
        {**spell_holder(ALICE), "process": {**spell_holder(ALICE)["process"], "pid": 2**31 + 1}},
        {**spell_holder(ALICE), "command": None},
        {**spell_holder(ALICE), "user": 7},
    ],
)
def test_what_is_no_holder_is_said_to_be_none(said: Any) -> None:  # noqa: ANN401 - anything
    with pytest.raises(UNREADABLE):
        read_holder(said)


@pytest.mark.parametrize(
    ("number", "fits"),
    [(0, True), (1 << 63, True), ((1 << 63) + 1, False), (-1, False), (10**400, False)],
)
def test_a_start_time_is_one_that_a_kernel_can_have(number: int, *, fits: bool) -> None:
    said = through_json(spell_holder(ALICE))
    said["process"]["started"] = number
    if fits:
        assert read_holder(said).process.started == number
    else:
        with pytest.raises(UNREADABLE):
            read_holder(said)


def test_a_command_that_is_no_utf_8_is_read_as_it_was_typed() -> None:
    owner = replace(ALICE, command="rollout restart --by \udcff")
    assert read_holder(through_json(spell_holder(owner))) == owner


@pytest.mark.parametrize("silence", [None, Silence("3f654d"), Silence("3f654d", "a7c0-11 —")])
def test_a_silence_is_read_back(silence: Silence | None) -> None:
    held = replace(owned_target("web1"), silence=silence)
    written = json.loads(json.dumps(spell_holding(held)))
    assert read_holding(written) == held
    assert ("silence" in written) == (silence is not None)


@pytest.mark.parametrize("number", ["a\0b", "a\nb", "\x1b[2J", "x" * 201, 7])
def test_a_silence_that_no_run_can_have_written_is_refused(number: object) -> None:
    written = spell_holding(replace(owned_target("web1"), silence=Silence("3f654d", "7")))
    written["silence"]["number"] = number
    with pytest.raises(UNREADABLE):
        read_holding(written)
