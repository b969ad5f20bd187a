"""A webhook beside a run on the real fleet: told at its ends, and never in its way."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from examples.fleet import Shape
from tests.integration.conftest import MakeFleet
from tests.support.http_server import free_port
from tests.support.observed_restart import WITHIN, restart, restarted_whole

pytestmark = pytest.mark.integration

SHAPE = Shape(hosts=2, instances=1, boot=0.3, checks="inter 200ms rise 2 fall 2", redispatch=True)
PATH = "/services/T000/B000/s3cr3t"


@dataclass
class Team:
    """A server as Slack's is: it takes JSON, and answers ``code`` after ``delay`` seconds."""

    code: int = 200
    delay: float = 0.0
    told: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{PATH}"


@contextmanager
def team(code: int = 200, delay: float = 0.0) -> Iterator[Team]:
    heard = Team(code, delay)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == PATH
            body = self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(heard.delay)
            heard.told.append(json.loads(body))
            with suppress(OSError):
                self.send_response(heard.code)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    heard.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield heard
    finally:
        server.shutdown()
        server.server_close()


def test_a_team_is_told_of_both_ends_and_of_a_host_that_is_left_out(
    make_fleet: MakeFleet, tmp_path: Path
) -> None:
    fleet = make_fleet(SHAPE)
    with team() as heard:
        (tmp_path / "webhook").write_text(f"{heard.url}\n")
        (tmp_path / "webhook").chmod(0o600)
        wishes: dict[str, object] = {
            "notify.on": ["started", "finished", "failed", "reduced"],
            "restart.running_timeout": "3s",
        }
        file = fleet.settings(wishes)
        text = file.read_text().replace(
            "[notify]", f'[notify]\nwebhook = {{ file = "{tmp_path}/webhook" }}'
        )
        file.write_text(text)
        outcome = restart(fleet, output="json")
        restarted_whole(outcome)
        fleet.hosts["web2"].break_boot()
        reduced = fleet.rollout("restart", "--hosts", "web2", timeout=WITHIN)
        assert reduced.returncode == 6, reduced.stderr
    lines = [json.loads(line) for line in outcome.done.stdout.splitlines()]
    assert [told["event"] for told in heard.told] == ["rollout.started", "summary"] * 2
    assert {**heard.told[1], **lines[-1]} == heard.told[1]
    assert heard.told[1]["text"].endswith(lines[-1]["sentence"])
    assert heard.told[0]["text"].startswith(f"shop: restart {lines[0]['run']} by ")
    assert heard.told[0]["text"].endswith(": started.")
    assert heard.told[3]["exit_code"] == 6
    assert "web2" in heard.told[3]["text"]


@pytest.mark.parametrize("manner", ["slow", "500", "unreachable", "silent"])
def test_a_webhook_that_fails_only_warns_and_its_address_is_nowhere(
    make_fleet: MakeFleet, manner: str
) -> None:
    fleet = make_fleet(SHAPE)
    code, delay = (500, 0.0) if manner == "500" else (200, 30.0 if manner == "slow" else 0.0)
    with team(code, delay) as heard, socket.create_server(("127.0.0.1", 0)) as silent:
        ports = {"unreachable": free_port(), "silent": silent.getsockname()[1]}
        port = ports.get(manner, heard.port)
        fleet.settings(
            {
                "notify.webhook": f"http://127.0.0.1:{port}{PATH}",
                "notify.on": ["started", "finished"],
                "notify.timeout": "2s",
            }
        )
        outcome = restart(fleet)
    restarted_whole(outcome)
    told = outcome.done.stderr
    why = {
        "slow": "no answer in time",
        "silent": "no answer in time",
        "500": "answered 500 Internal Server Error",
        "unreachable": "Connection refused",
    }[manner]
    at_the_start = [line for line in told.splitlines() if " notify note: " in line]
    at_the_end = [line for line in told.splitlines() if line.startswith("rollout: notify: ")]
    assert len(at_the_start) == len(at_the_end) == 1
    assert why in at_the_start[0]
    assert why in at_the_end[0]
    written = "".join(path.read_text() for path in fleet.directory.glob("state/**/*.jsonl"))
    assert "s3cr3t" not in f"{told}{outcome.done.stdout}{written}"
    shown = fleet.rollout("config")
    assert "s3cr3t" not in shown.stdout
    assert 'webhook = "***"' in shown.stdout


def test_check_posts_nothing_and_names_what_a_run_would_only_warn_of(
    make_fleet: MakeFleet, tmp_path: Path
) -> None:
    fleet = make_fleet(SHAPE)
    with team() as heard:
        fleet.settings(
            {
                "notify.webhook": heard.url,
                "hooks.host_out": "no-such-program",
                "metrics.textfile": str(tmp_path / "gone" / "shop.prom"),
            }
        )
        done = fleet.rollout("check", timeout=WITHIN)
        assert heard.told == []
    assert done.returncode == 0, done.stderr
    assert "there is no program no-such-program" in done.stdout
    assert "gone cannot be written: No such file or directory" in done.stdout
    fleet.settings({"hooks.before": "no-such-program"})
    refused = fleet.rollout("check", timeout=WITHIN)
    assert refused.returncode == 3
    assert "hooks.before" in refused.stdout
