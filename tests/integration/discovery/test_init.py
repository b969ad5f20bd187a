"""``rollout init`` on real daemons: ``rollout check`` passes on its file, and Ctrl-C is clean."""

import sys
import time
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from examples.fleet import Fleet, Shape
from tests.integration.conftest import MakeFleet
from tests.support.debian_site import REPO, run_in_site
from tests.support.dialogues import Dialogue
from tests.support.logins import needs_root

pytestmark = pytest.mark.integration

SMALL = Shape(hosts=2, instances=2, boot=0.1)


def init(fleet: Fleet, *words: str) -> list[str]:
    """Return the command line of ``rollout init WORDS``, with the fleet's configuration of ssh."""
    door = str(Path(sys.executable).with_name("rollout"))
    return [door, "init", "--ssh-config", str(fleet.ssh_config), *words]


def places(fleet: Fleet) -> list[str]:
    remote = fleet.shape.remote_balancers
    return [
        f"--lb={name}={f'{name}:' if remote else ''}{balancer.socket}"
        for name, balancer in fleet.balancers.items()
    ]


def run(fleet: Fleet, directory: Path, words: list[str]) -> tuple[int, str]:
    with Dialogue(words, directory, fleet.environment) as typed:
        return typed.end(), typed.said


def sockets_of(pid: int) -> list[Path]:
    """Return the socket files that a process has made: the near ends of its ways to HAProxy."""
    held = {str(file.readlink()) for file in Path(f"/proc/{pid}/fd").iterdir()}
    lines = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()[1:]]
    paths = [line[7] for line in lines if len(line) > 7 and f"socket:[{line[6]}]" in held]
    return [Path(path) for path in dict.fromkeys(paths) if path.startswith("/tmp/rollout-")]


@pytest.mark.parametrize(
    ("shape", "found"),
    [
        (
            Shape(hosts=3, boot=0.1),
            {"hosts": ["web[1-3]"], "max_out": 1, "floor": 2, "addresses": {}},
        ),
        (
            Shape(hosts=2, boot=0.1, lines="instance", balancers=2, remote_balancers=True),
            {"hosts": ["web[1-2]"], "max_out": 1, "floor": 2, "addresses": {}},
        ),
        (
            Shape(hosts=2, boot=0.1, lines="instance", ipv6=True, backends=("app", "api")),
            {
                "hosts": ["web[1-2]"],
                "server": "{host}-{port}",
                "max_out": 1,
                "floor": 2,
                "addresses": {},
            },
        ),
    ],
    ids=["demo", "remote", "ipv6"],
)
def test_check_passes_on_what_init_writes(
    make_fleet: MakeFleet, tmp_path: Path, shape: Shape, found: dict[str, object]
) -> None:
    fleet = make_fleet(shape)
    code, said = run(fleet, tmp_path, init(fleet, *places(fleet), "--yes"))
    assert code == 0, said
    written = tomllib.loads((tmp_path / "rollout.toml").read_text())
    assert written["fleet"] == found
    assert written["monit"] == {
        "command": "monit",
        "group": "app",
        "match": "mongrel_[0-9]+",
        "instances": 2,
        "ports": {},
    }
    assert written["restart"] == {"probe": "http://{host}:{port}/up"}
    fleet.settings_file = tmp_path / "rollout.toml"
    checked = fleet.rollout("check")
    assert checked.returncode == 0, checked.stdout
    assert f"check passed: {shape.hosts} hosts" in checked.stderr


def test_what_it_asks_on_a_terminal_leads_to_a_passed_check(
    make_fleet: MakeFleet, tmp_path: Path
) -> None:
    fleet = make_fleet(Shape(hosts=2, instances=2, boot=0.1, backends=("app", "api")))
    socket = str(fleet.balancers["lb1"].socket)
    with Dialogue(init(fleet), tmp_path, fleet.environment) as typed:
        typed.answer("admin socket [", f"{socket}.old")
        refused = typed.answer("admin socket [", socket)
        assert f"{socket}.old does not exist" in refused
        typed.answer("backends to manage [app,api]:", "nosuch")
        assert "HAProxy has app, api" in typed.answer("backends to manage", "api")
        typed.answer("name of the application [api]:", "shop front")
        assert "'shop front' is not a name" in typed.answer("name of the application", "shop")
        shown = typed.answer("Write rollout.toml? [Y/n]:", "")
        assert 'monit.match = "mongrel_[0-9]+"' in shown
        assert not (tmp_path / "rollout.toml").exists()
        typed.answer("Run `rollout check` now? [Y/n]:", "")
        code = typed.end()
    assert code == 0, typed.said
    assert "check passed: 2 hosts" in typed.said
    written = tomllib.loads((tmp_path / "rollout.toml").read_text())
    assert written["app"] == "shop"
    assert written["balancers"] == {"lb1": {"socket": socket, "backends": ["api"]}}


def test_ctrl_c_leaves_nothing_behind(make_fleet: MakeFleet, tmp_path: Path) -> None:
    fleet = make_fleet(replace(SMALL, remote_balancers=True))
    with Dialogue(init(fleet), tmp_path, fleet.environment) as typed:
        typed.expect("admin socket [")
        typed.interrupt()
        assert typed.end() == 130
    assert "stopped; nothing was written" in typed.said

    fleet.hosts["web1"].suspend_sshd()
    try:
        with Dialogue(init(fleet, *places(fleet), "--yes"), tmp_path, fleet.environment) as typed:
            typed.expect("looking at web1, web2 by ssh")
            sockets = sockets_of(typed.process.pid)
            assert sockets
            began = time.monotonic()
            typed.interrupt()
            assert typed.end() == 130
            assert time.monotonic() - began < 5
    finally:
        fleet.hosts["web1"].resume_sshd()
    assert "stopped; nothing was written" in typed.said
    assert "Traceback" not in typed.said
    assert [*tmp_path.iterdir()] == []
    assert [path for path in sockets if path.parent.exists()] == []


def test_what_cannot_be_seen_is_said_and_not_guessed(make_fleet: MakeFleet, tmp_path: Path) -> None:
    fleet = make_fleet(SMALL)
    fleet.hosts["web2"].kill_sshd()
    known = fleet.ssh_config.read_text()
    code, said = run(fleet, tmp_path, init(fleet, *places(fleet), "--yes"))
    assert code == 0, said
    text = " ".join((tmp_path / "rollout.toml").read_text().replace("\n# ", " ").split())
    assert "Not known: what runs there. web2: " in text
    assert tomllib.loads((tmp_path / "rollout.toml").read_text())["fleet"]["hosts"] == ["web[1-2]"]

    (tmp_path / "rollout.toml").unlink()
    fleet.ssh_config.write_text(known[: known.index("Host web2")])
    code, said = run(fleet, tmp_path, init(fleet, *places(fleet), "--yes"))
    assert code == 0, said
    place = fleet.hosts["web2"].place
    text = " ".join((tmp_path / "rollout.toml").read_text().replace("\n# ", " ").split())
    assert f"which host is behind app/web2 ({place.address}:{place.http}) on lb1" in text
    assert f"--host {place.address}=NAME" in text
    assert tomllib.loads((tmp_path / "rollout.toml").read_text())["fleet"]["hosts"] == ["web1"]

    (tmp_path / "rollout.toml").unlink()
    named = init(fleet, *places(fleet), "--yes", f"--host={place.address}=web2")
    code, said = run(fleet, tmp_path, named)
    assert code == 0, said
    assert tomllib.loads((tmp_path / "rollout.toml").read_text())["fleet"]["hosts"] == ["web[1-2]"]

    fleet.ssh_config.write_text("")
    (tmp_path / "rollout.toml").unlink()
    code, said = run(fleet, tmp_path, init(fleet, *places(fleet), "--yes"))
    assert code == 3, said
    assert "no host behind HAProxy's servers is known" in said
    assert [*tmp_path.iterdir()] == []


def test_a_site_made_by_hand_from_debians_packages(tmp_path: Path) -> None:
    needs_root()
    rollout = [sys.executable, "-m", "rollout"]
    looked, text, checked = run_in_site(
        tmp_path, [[*rollout, "init", "--yes"], ["cat", "rollout.toml"], [*rollout, "check"]]
    )
    assert looked[0] == 0, looked[2]
    assert checked[0] == 0, checked[1]
    assert "check passed: 2 hosts" in checked[2]
    written = tomllib.loads(text[1])
    assert written["app"] == "shop"
    assert written["balancers"] == {
        "lb1": {"socket": "/run/haproxy/admin.sock", "backends": ["shop"]}
    }
    assert written["fleet"] == {
        "hosts": ["web[1-2]"],
        "max_out": 1,
        "floor": 2,
        "addresses": {},
    }
    assert written["monit"] == {
        "command": "sudo -n monit",
        "group": "shop",
        "match": "shop_[0-9]+",
        "instances": 2,
        "ports": {},
    }
    assert written["restart"] == {"probe": "http://{host}:{port}/up"}
    assert "Watched as well, and left alone: sshd." in text[1]

    assert written["deploy"] == {
        "to": "/srv/shop",
        "repo": REPO,
        "shared": ["log"],
        "readlink": "sudo -n readlink",
    }
