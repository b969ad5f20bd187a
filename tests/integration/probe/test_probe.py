"""Real servers, asked over a plain socket, over real ssh, and by a host that may not forward."""

import asyncio
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rollout.adapters.probe.http import Stream
from rollout.adapters.probe.prober import PortProber, ProbeOptions, Resolved, Way
from rollout.adapters.ssh import ForwardingRefused, NothingListens, Ssh, SshOptions
from rollout.model.errors import RemoteError
from rollout.model.fleet import Instance
from rollout.ports.commands import CommandResult
from rollout.ports.site import CheckResult
from tests.support.http_server import free_port, says, self_signed, serving
from tests.support.monitd import Said as Local
from tests.support.monitd import run_here
from tests.support.sshd import running_sshd

pytestmark = pytest.mark.integration

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nup"


@dataclass(frozen=True)
class Here:
    """A host that is this machine."""

    hostname: str = "127.0.0.1"

    def resolve(self, host: str) -> Resolved:
        assert host
        return self

    def run(self, host: str, command: str, *, timeout: float) -> CommandResult:
        return run_here(host, command, timeout=timeout)

    def open_port(self, host: str, address: str, port: int, *, timeout: float) -> Stream:
        try:
            return socket.create_connection((address, port), timeout)
        except ConnectionRefusedError as error:
            raise NothingListens(host, str(error)) from error

    def open_socket(self, host: str, path: str, *, timeout: float) -> Stream:
        opened = socket.socket(socket.AF_UNIX)
        opened.settimeout(timeout)
        try:
            opened.connect(path)
        except OSError as error:
            opened.close()
            raise NothingListens(host, f"{path}: {error.strerror}") from error
        return opened


@pytest.fixture(scope="module", params=["plain socket", "ssh", "ssh without forwarding"])
def way(request: pytest.FixtureRequest) -> Iterator[Way]:
    if request.param == "plain socket":
        yield Here()
        return
    refused = ["AllowTcpForwarding no", "AllowStreamLocalForwarding no"]
    options = refused if "without" in request.param else []
    with (
        running_sshd(*options) as sshd,
        Ssh(SshOptions(config=sshd.config, connect_timeout=5.0)) as ssh,
    ):
        yield ssh


def ask(
    way: Way, port: int, template: str = "http://127.0.0.1:{port}/up", *, name: str = ""
) -> CheckResult:
    options = ProbeOptions(template=template, timeout=1.0, name=name, ports_setting="monit.ports")
    prober = PortProber(way, options, asyncio.to_thread)
    return asyncio.run(prober.answers("web1", Instance("app_1", port)))


@pytest.mark.parametrize(
    ("reply", "fine", "said"),
    [
        (OK, True, "200"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", True, "204"),
        (b"HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n", True, "302"),
        (b"HTTP/1.0 200 OK\r\n\r\nold manners", True, "200"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", False, "404"),
        (b"HTTP/1.1 503 Starting\r\nContent-Length: 0\r\n\r\n", False, "503"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", False, "cut short"),
        (b"", False, ""),
    ],
)
def test_an_answer_is_judged_by_its_status_and_must_be_whole(
    way: Way,
    reply: bytes,
    fine: bool,  # noqa: FBT001 - a column of the table
    said: str,
) -> None:
    with serving(says(reply)) as server:
        answer = ask(way, server.port)
    assert answer.ok is fine, answer
    assert said in answer.message


def test_nobody_at_the_port_is_said_as_such(way: Way) -> None:
    answer = ask(way, free_port())
    assert not answer.ok
    assert "nothing listens" in answer.message
    assert "nothing listens" in ask(way, free_port(), "tcp://127.0.0.1:{port}").message


def test_a_bare_connection_is_enough_for_tcp(way: Way) -> None:
    with serving(says(b"")) as server:
        answer = ask(way, server.port, "tcp://{host}:{port}")
    assert answer.ok


@pytest.mark.parametrize("every", [5.0, 0.2], ids=["silent", "dripping"])
def test_who_does_not_finish_in_time_does_not_answer(way: Way, every: float) -> None:
    """A byte now and then resets nothing: there is one deadline for the whole answer."""
    began = time.monotonic()
    pieces = [b"HTTP/1.1 200 OK\r\n", *([b"X: y\r\n"] * 12)]
    with serving(says(*pieces[: 13 if every < 1 else 1], every=min(every, 2.5))) as server:
        answer = ask(way, server.port)
        took = time.monotonic() - began
    assert not answer.ok
    assert took < 2.2


def test_a_body_without_end_is_not_read_to_its_end(way: Way) -> None:
    if not isinstance(way, Here):
        pytest.skip("about reading, not about the way")
    with serving(says(b"HTTP/1.1 200 OK\r\n\r\n", *([b"x" * 4096] * 64))) as server:
        assert ask(way, server.port).ok


def test_what_is_asked_is_a_polite_request(way: Way) -> None:
    with serving(says(OK)) as server:
        ask(way, server.port, "http://127.0.0.1:{port}/up?who={instance}")
        (asked,) = server.asked
    head = asked.decode().split("\r\n")
    assert head[0] == "GET /up?who=app_1 HTTP/1.1"
    assert f"Host: 127.0.0.1:{server.port}" in head


def test_something_that_is_not_http_is_no_answer(way: Way) -> None:
    with serving(says(b"SSH-2.0-OpenSSH_9.2\r\n")) as server:
        assert not ask(way, server.port).ok


def test_an_unknown_port_is_not_asked(way: Way) -> None:
    assert ask(way, 0) == CheckResult(
        ok=False,
        message="the port of app_1 is not known",
        fix="set [monit.ports] app_1 = PORT",
    )


def test_the_name_of_the_site_is_asked_for_where_a_setting_says_so(way: Way) -> None:
    with serving(says(OK)) as server:
        assert ask(way, server.port, name="shop.example.com").ok
        (asked,) = server.asked
    assert "Host: shop.example.com" in asked.decode().split("\r\n")


@pytest.mark.parametrize(
    ("reply", "setting"),
    [
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "restart.probe_host"),
        (b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "restart.probe_host"),
    ],
)
def test_an_answer_that_is_about_the_name_leads_to_the_setting(
    way: Way, reply: bytes, setting: str
) -> None:
    with serving(says(reply)) as server:
        assert setting in ask(way, server.port).fix
        assert setting not in ask(way, server.port, name="shop.example.com").fix


def test_a_port_that_was_read_off_a_name_is_doubted_where_nothing_listens(way: Way) -> None:
    port = free_port()
    assert f"or is {port} not its port?  Then set [monit.ports] app_1 = PORT" in ask(way, port).fix


def test_over_tls_any_certificate_will_do_and_the_name_is_sent(way: Way, tmp_path: Path) -> None:
    with serving(says(OK), tls=self_signed(tmp_path)) as server:
        answer = ask(way, server.port, "https://127.0.0.1:{port}/up", name="shop.example.com")
        (asked,), (name,) = server.asked, server.names
    assert answer.ok, answer
    assert "Host: shop.example.com" in asked.decode().split("\r\n")
    assert name == "shop.example.com"


def test_over_tls_without_a_name_none_is_sent(way: Way, tmp_path: Path) -> None:
    with serving(says(OK), tls=self_signed(tmp_path)) as server:
        assert ask(way, server.port, "https://127.0.0.1:{port}/up").ok
        assert server.names == [None]


def test_what_speaks_no_tls_is_said_as_such(way: Way) -> None:
    with serving(says(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server:
        answer = ask(way, server.port, "https://127.0.0.1:{port}/up")
    assert not answer.ok
    assert "no TLS there" in answer.message


@pytest.mark.parametrize("form", ["http://unix:{}:/up", "unix:{}"])
def test_a_unix_socket_is_asked(way: Way, form: str, tmp_path: Path) -> None:
    with serving(says(OK), socket_file=tmp_path / "app_1.sock") as server:
        answer = ask(way, 0, form.format(tmp_path / "{instance}.sock"), name="shop.example.com")
    assert answer.ok, answer
    if form.startswith("http"):
        assert b"GET /up HTTP/1.1\r\nHost: shop.example.com\r\n" in server.asked[0]


def test_a_unix_socket_that_is_not_there_is_no_answer(way: Way, tmp_path: Path) -> None:
    answer = ask(way, 0, f"http://unix:{tmp_path}/gone.sock:/up")
    assert not answer.ok
    assert "gone.sock" in answer.message


def test_a_lost_connection_says_nothing_about_the_instance() -> None:
    with running_sshd() as sshd:
        ssh = Ssh(SshOptions(config=sshd.config, connect_timeout=2.0))
        sshd.stop()
        with ssh, pytest.raises(RemoteError):
            ask(ssh, 80)


@dataclass(frozen=True)
class Bare(Here):
    """A host that forbids forwarding and has no tools."""

    def open_port(self, host: str, address: str, port: int, *, timeout: float) -> Stream:
        raise ForwardingRefused(host, f"{address}:{port} {timeout}")

    def run(self, host: str, command: str, *, timeout: float) -> CommandResult:
        assert host
        done = subprocess.run(
            ["/bin/sh", "-c", f"PATH=/nonexistent; {command.replace('exec sh', 'exec /bin/sh')}"],
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )
        return Local(done.returncode, done.stdout, done.stderr)


def test_a_host_without_any_way_to_ask_says_so() -> None:
    assert "has no curl" in ask(Bare(), 80).message
    assert ask(Bare(), 80).fix == "apt install curl there, or let its sshd forward"
    assert "has no bash, socat or nc" in ask(Bare(), 80, "tcp://127.0.0.1:{port}").message
