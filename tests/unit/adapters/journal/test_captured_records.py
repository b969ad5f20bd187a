"""Records of format 2 as an earlier commit wrote them: they are read, and written, as they were.

``tests/captures/journal`` has a journal and the two files of a lock, written by the program itself
at commit b2162cc.
"""

import json
from pathlib import Path

from rollout.adapters.journal.files import FORMAT, JournalFile, names_in
from rollout.adapters.journal.reader import read
from rollout.adapters.journal.serialization import read_holder, spell_holder, spell_holding
from rollout.adapters.lock.reader import read_lock
from rollout.model.fleet import AdminState, Instance, ProcessIdentity, ProcessTree, Server, Target
from rollout.model.lock_state import Kind, LockOwner, Process
from rollout.model.ownership import OwnedTarget, ServerSnapshot

CAPTURES = Path(__file__).parents[3] / "captures" / "journal"
LINES = (CAPTURES / "format-2.jsonl").read_text(encoding="utf-8").splitlines()
HOLDER = (CAPTURES / "lock-holder.json").read_text(encoding="utf-8")
OWNED = (CAPTURES / "lock-owned.json").read_text(encoding="utf-8")

OWNER = LockOwner(
    run="a1b2c3",
    kind=Kind.RUN,
    user="alice",
    process=Process(
        host="bastion1",
        machine="9f0c1d",
        boot="5e8a-77",
        namespace="4026531836",
        pid=4242,
        started=1_234_567,
    ),
    since="2026-11-22T19:37:02Z",
    command="rollout restart --by 'zo\u00eb' \udcff",
    sudo_user="root",
    client="192.0.2.7",
)
APP_8001, APP_8002 = Instance("app_8001", 8001), Instance("app.8002", 0)
ON_LB1, ON_LB2 = Server("lb1", "app", "web1"), Server("lb-2.example", "app:https", "web1_b")
WEB2 = Server("lb1", "app", "web2")

HELD = (
    OwnedTarget(
        target=Target(
            name="web1",
            host="web1.example.com",
            servers=(ON_LB1, ON_LB2),
            instances=(APP_8001, APP_8002),
            instances_by_server={ON_LB1: (APP_8001, APP_8002), ON_LB2: (APP_8002,)},
        ),
        found=(
            ServerSnapshot(ON_LB1, 256, agent=True, status="UP", address="192.0.2.10", port=80),
            ServerSnapshot(ON_LB2, 0, agent=False, status="no check"),
        ),
        possible_states={ON_LB1: (AdminState.READY, AdminState.DRAIN), ON_LB2: ()},
        asked={
            "app_8001": ProcessIdentity(
                4711,
                99_000,
                "b007-1d",
                ProcessTree(8001, ((4711, 99_000), (4712, 99_010)), (123_456, 123_457), (123_456,)),
            ),
            "app.8002": None,
        },
        release="20261122230000",
        relinked=True,
        returning=True,
    ),
    OwnedTarget(
        target=Target("web2/app_8001", "web2", (WEB2,), (APP_8001,), {WEB2: (APP_8001,)}),
        found=(ServerSnapshot(WEB2, 1, agent=False),),
        asked={"app_8001": ProcessIdentity(7, None, "")},
    ),
    OwnedTarget(target=Target("web3", "10.0.0.3", (), (), {}), found=()),
)


def spelled(said: object) -> str:
    return json.dumps(said, separators=(",", ":"))


def journal(directory: Path) -> JournalFile:
    """Put the captured journal into a state directory."""
    directory.chmod(0o700)
    file = directory / "shop.000001.a1b2c3.jsonl"
    file.write_text("\n".join(LINES) + "\n", encoding="utf-8")
    (name,) = names_in(directory, "shop")
    return name


def test_a_journal_is_read_as_it_was_meant(tmp_path: Path) -> None:
    past = read(journal(tmp_path))
    assert past is not None
    assert past.owner == OWNER
    assert past.owned_targets == HELD[:2], "the third was released"
    tree = past.owned_targets[0].asked["app_8001"]
    assert tree is not None
    wanted = HELD[0].asked["app_8001"]
    assert wanted is not None
    assert tree.tree == wanted.tree
    assert past.done == ("web0", "web3")
    assert past.renewed == {"web3": ("app_8001",)}


def test_a_journal_is_written_as_it_was() -> None:
    lines = [json.loads(line) for line in LINES]
    assert {line["v"] for line in lines} == {FORMAT}
    began = spelled(spell_holder(OWNER))
    assert f'"owner":{began},"hosts"' in LINES[0]
    held = [line for line in LINES if '"event":"record.held"' in line]
    head = '{"v":2,"run":"a1b2c3","event":"record.held","owned_target":'
    assert held == [f"{head}{spelled(spell_holding(one))}}}" for one in HELD]


def test_a_lock_is_read_and_written_as_it_was() -> None:
    rows = {
        "stands": "alice\t755\t10\t1:2",
        "run": OWNER.run,
        "holder": HOLDER.rstrip("\n"),
        "owned": OWNED.rstrip("\n"),
        "beats": "4",
        "quiet": "2",
    }
    state = read_lock("lb1", "".join(f"{name}\t{text}\n" for name, text in rows.items()))
    assert state is not None
    assert (state.unreadable, state.owner, state.owned_targets) == ("", OWNER, HELD)
    assert (state.number, state.heartbeats) == (3, 7)
    assert read_holder(json.loads(HOLDER)) == OWNER
    assert spelled(spell_holder(OWNER)) + "\n" == HOLDER
    wrote = {"number": 3, "held": [spell_holding(one) for one in HELD]}
    assert spelled(wrote) + "\n" == OWNED
