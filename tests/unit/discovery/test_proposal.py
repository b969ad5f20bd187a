"""The settings that fit what was seen; whatever a machine says stays text."""

import re
import tomllib
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from rollout.discovery.deploys import DeployChoice
from rollout.discovery.fleet import SeenBalancer, SeenFleet, SeenHost, SocketPlace
from rollout.discovery.host_mapping import HostKnowledge, map_servers
from rollout.discovery.instances import WatchedProcess, choose_instances
from rollout.discovery.probes import ProbeChoice
from rollout.discovery.proposal import open_questions, propose
from rollout.model.errors import SettingsError
from rollout.model.fleet import BalancerSnapshot, Finding, HaproxyProcess, ServerState
from rollout.output.proposal import proposal_text
from rollout.ports.discovery import HostName, NameSource, ReleaseLayout, SupervisedHost
from rollout.settings.annotated import SUPERVISOR, annotated_file, template
from tests.support.fleets_seen import host, row

NAMES = [host("web1", "10.0.0.1"), host("web2", "10.0.0.2")]
ROWS = [row("web1", "10.0.0.1", 8000), row("web2", "10.0.0.2", 8000)]


def fleet(
    rows: list[ServerState] = ROWS,
    names: list[HostName] = NAMES,
    *,
    processes: tuple[WatchedProcess, ...] = (WatchedProcess(name="app_8000", named_port=8000),),
    match: str = "",
    version: str = "2.6.12",
    trouble: Finding | None = None,
) -> SeenFleet:
    mapping = map_servers(rows, HostKnowledge(names=names))
    snapshot = BalancerSnapshot(
        balancer="lb1",
        version=version,
        process=HaproxyProcess(1, 1),
        servers={one.server: one for one in rows},
    )
    supervised = SupervisedHost(command="sudo -n monit", states=())
    seen = {
        name: SeenHost(name=name, supervised=None if trouble else supervised, processes=processes)
        for name in mapping.hosts
    }
    seen = {name: replace(one, trouble=trouble) for name, one in seen.items()}
    watched = {name: one.processes for name, one in seen.items() if one.supervised}
    ports = {name: frozenset(one.port for one in mapping.of_host(name)) for name in mapping.hosts}
    return SeenFleet(
        app=("app", "As it was given as an option, or answered."),
        balancers=[
            SeenBalancer(place=SocketPlace(name="lb1", socket="/run/a.sock"), snapshot=snapshot)
        ],
        backends={"lb1": ["app"]},
        mapping=mapping,
        hosts=seen,
        instances=choose_instances(watched, ports, match),
        group="",
        probe=ProbeChoice("http://127.0.0.1:{port}/", "app_8000 on web1: 200 OK"),
    )


def text_of(seen: SeenFleet) -> str:
    return annotated_file(propose(seen, section=SUPERVISOR), [])


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("\n# ", " "))


def test_what_was_seen_stands_in_the_file_with_its_reason() -> None:
    text = text_of(fleet())
    written = tomllib.loads(text)
    assert written["balancers"] == {"lb1": {"socket": "/run/a.sock", "backends": ["app"]}}
    assert written["fleet"] == {"hosts": ["web[1-2]"], "max_out": 1, "floor": 1, "addresses": {}}
    assert written["monit"] == {
        "command": "sudo -n monit",
        "match": "app_[0-9]+",
        "instances": 1,
        "ports": {},
    }
    assert "HAProxy 2.6.12 on this machine showed 2 servers (web1 10.0.0.1:8000, web2" in flat(text)
    assert not open_questions(propose(fleet(), section=SUPERVISOR))


def test_what_is_not_known_is_said_and_left_at_its_default() -> None:
    rows = [*ROWS, row("odd", "10.0.0.9", 8000)]
    bare = replace(fleet(rows, processes=()), probe=ProbeChoice("", "nothing listens"))
    text = text_of(bare)
    written = tomllib.loads(text)
    assert "match" not in written["monit"]
    assert "probe" not in written["restart"]
    said = flat(text)
    assert "which host is behind app/odd (10.0.0.9:8000) on lb1: no name that ssh knows" in said
    assert "Not known: which processes are the instances: none is watched." in said
    assert len(open_questions(propose(bare, section=SUPERVISOR))) == 3


def test_instances_with_servers_of_their_own_could_go_one_at_a_time() -> None:
    two = tuple(WatchedProcess(name=f"app_{port}", named_port=port) for port in (8000, 8001))
    rows = [*ROWS, row("web1-b", "10.0.0.1", 8001), row("web2-b", "10.0.0.2", 8001)]
    assert '"instance" would take out one at a time' in text_of(fleet(rows, processes=two))
    for others in (ROWS, rows[:3]):
        assert "one at a time." not in text_of(fleet(others, processes=two)).partition("max_out")[0]


def test_a_crowd_of_strangers_is_counted() -> None:
    rows = [*ROWS, *(row(f"x{n}", f"10.9.0.{n}", 80) for n in range(1, 31))]
    text = flat(text_of(fleet(rows)))
    assert text.count("which host is behind") == 20
    assert "Not known: the hosts of 10 more servers." in text


def test_a_host_that_could_not_be_looked_at_is_named() -> None:
    trouble = Finding("web1", "Permission denied", "ssh-copy-id web1")
    text = text_of(fleet(trouble=trouble))
    assert "web1: Permission denied. Fix: ssh-copy-id web1." in flat(text)
    assert "none of them could be looked at" in flat(text)
    assert tomllib.loads(text)["fleet"]["hosts"] == ["web[1-2]"]


def test_addresses_of_haproxy_that_ssh_does_not_go_to_are_written_down() -> None:
    names = [host("web1", "192.0.2.1"), host("web2", "10.0.0.2")]
    rows = [row("web1", "10.0.0.1", 8000), row("s2", "10.0.0.2", 8000)]
    written = tomllib.loads(text_of(fleet(rows, names)))
    assert written["fleet"]["addresses"] == {"web1": "10.0.0.1"}


def test_the_reasons_fit_the_terminal() -> None:
    suggestions = propose(fleet(), section=SUPERVISOR)
    for columns, widest in ((60, 60), (200, 100)):
        reasons = [
            line
            for line in proposal_text(suggestions, columns).splitlines()
            if line.startswith("    ")
        ]
        assert len(reasons) > 5
        assert max(map(len, reasons)) <= widest


LAYOUT = ReleaseLayout(
    to="/srv/shop",
    repo="git@example.com:shop.git",
    by_sudo=True,
    shared=("log", "tmp/pids"),
    shared_files=("config/database.yml",),
)


def test_a_layout_to_which_nothing_keeps_a_deploy_from_is_switched_on() -> None:
    text = text_of(replace(fleet(), deploy=DeployChoice(layout=LAYOUT, reason="")))
    assert tomllib.loads(text)["deploy"] == {
        "to": "/srv/shop",
        "repo": "git@example.com:shop.git",
        "shared": ["log", "tmp/pids"],
        "shared_files": ["config/database.yml"],
        "readlink": "sudo -n readlink",
    }
    assert "Not known: which branch is deployed; main is only the default." in flat(text)
    assert "every host has what a deploy needs." in flat(text)


def test_a_layout_to_which_no_deploy_would_go_is_shown_with_the_reason() -> None:
    choice = DeployChoice(layout=LAYOUT, reason="web2: /srv/shop is not writable; to do: chown")
    text = text_of(replace(fleet(), deploy=choice))
    assert "deploy" not in tomllib.loads(text)
    assert '#to = "/srv/shop"\n' in text
    assert '#repo = "git@example.com:shop.git"\n' in text
    assert '#shared = ["log", "tmp/pids"]\n' in text
    assert '#readlink = "sudo -n readlink"\n' in text
    assert "Left as a comment: web2: /srv/shop is not writable; to do: chown. To deploy" in flat(
        text
    )


def test_where_no_layout_was_seen_the_comment_says_so() -> None:
    text = text_of(replace(fleet(), deploy=DeployChoice(reason="the hosts have several")))
    assert "deploy" not in tomllib.loads(text)
    assert "Left as a comment: the hosts have several." in flat(text)


ANYTHING = st.text(
    st.one_of(st.characters(), st.sampled_from('"\\\n\r[]#=\x7f\x00\x1b\ud800')), max_size=40
)


@given(a=ANYTHING, b=ANYTHING, c=ANYTHING, works=st.booleans())
def test_nothing_that_a_machine_says_becomes_more_than_text(
    a: str, b: str, c: str, *, works: bool
) -> None:
    rows = [
        *ROWS,
        row(a, b, 8000),
        row(b, c, 8000, backend=a),
        row("web1", a, 8000),
    ]
    names = [*NAMES, host("web1", "10.0.0.1", source=NameSource.DNS)]
    processes = (
        WatchedProcess(name=f"{a}_8000", named_port=8000),
        WatchedProcess(name=b, listens=frozenset({9})),
    )
    seen = replace(
        fleet(rows, names, processes=processes, version=c),
        group=a,
        probe=ProbeChoice("", b),
        deploy=DeployChoice(
            layout=ReleaseLayout(to=f"/{a}", repo=b, by_sudo=True, shared=(c,)),
            reason="" if works else f"it says {a}",
        ),
    )
    suggestions = propose(seen, section=SUPERVISOR, ssh_config=c)
    assert proposal_text(suggestions).replace("\n", "").isprintable()
    try:
        text = annotated_file(suggestions, [a])
    except SettingsError:
        return  # refused: nothing is written
    read = tomllib.loads(text)
    shown = tomllib.loads(template())
    deploy = read.pop("deploy", None)
    assert (deploy is not None) == works
    if deploy is not None:
        assert deploy == {"to": f"/{a}", "shared": [c], "readlink": "sudo -n readlink"} | (
            {"repo": b} if b else {}
        )
    assert set(read) == set(shown)
    others = set(read) - {"app", "balancers", "fleet", "ssh", "monit", "restart"}
    assert {name: read[name] for name in others} == {name: shown[name] for name in others}
    assert set(read["balancers"]) == {"lb1"}
    assert set(read["balancers"]["lb1"]) == {"socket", "backends"}
    assert set(read["restart"]) == set()
