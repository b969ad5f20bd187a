"""A probe template, filled in or refused before anything is asked."""

import pytest

from rollout.adapters.probe.request import Question, question_of
from rollout.model.errors import SettingsError
from rollout.model.fleet import Instance

MONGREL = Instance("mongrel 1", 8000)


@pytest.mark.parametrize(
    ("template", "address", "port", "path"),
    [
        ("http://127.0.0.1:{port}/up", "127.0.0.1", 8000, "/up"),
        ("http://{host}:{port}/up?full=1", "10.0.0.7", 8000, "/up?full=1"),
        ("http://127.0.0.1/{instance}/up", "127.0.0.1", 80, "/mongrel%201/up"),
        ("http://[::1]:{port}", "::1", 8000, "/"),
        ("tcp://{host}:{port}", "10.0.0.7", 8000, None),
        ("tcp://127.0.0.1:9", "127.0.0.1", 9, None),
    ],
)
def test_a_template_is_filled_in(template: str, address: str, port: int, path: str | None) -> None:
    question = question_of(template, "10.0.0.7", MONGREL)
    assert (question.address, question.port, question.path) == (address, port, path)


def test_an_ipv6_host_is_bracketed_in_the_url_only() -> None:
    question = question_of("http://{host}:{port}/up", "fe80::7", MONGREL)
    assert question == Question("http://[fe80::7]:8000/up", "fe80::7", 8000, "/up")


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("http://127.0.0.1:{prot}/up", "{prot} is not one of {host}, {instance}, {port}"),
        ("ftp://127.0.0.1:{port}/up", "wants http://"),
        ("unix:run/{instance}.sock", "wants http://"),
        ("http://unix:/run/{instance}.sock:up", "wants http://"),
        ("/up", "wants http://"),
        ("tcp://{host}", "wants http://"),
        ("http://127.0.0.1:{port", "probe: "),
        ("http://127.0.0.1:99999/", "probe: "),
        ("http://127.0.0.1:{}/", "{} is not one of"),
    ],
)
def test_what_cannot_be_a_probe_is_said_at_once(template: str, says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        question_of(template, "web1", MONGREL)
    assert says in caught.value.problems[0]


def test_nothing_in_a_path_can_end_the_request_line() -> None:
    question = question_of("http://127.0.0.1:{port}/a b\u00e9", "web1", MONGREL)
    assert question.path == "/a%20b%C3%A9"


@pytest.mark.parametrize(
    ("template", "socket", "path"),
    [
        ("http://unix:/run/{instance}.sock:/up?full=1", "/run/mongrel 1.sock", "/up?full=1"),
        ("http://unix:/run/{port}.sock", "/run/8000.sock", "/"),
        ("unix:/run/{instance}.sock", "/run/mongrel 1.sock", None),
    ],
)
def test_a_socket_is_named_as_nginx_does(template: str, socket: str, path: str | None) -> None:
    question = question_of(template, "web1", MONGREL)
    assert (question.socket, question.path, question.place) == (socket, path, socket)


def test_over_tls_the_port_is_443_unless_it_is_said() -> None:
    assert question_of("https://127.0.0.1/up", "web1", MONGREL).port == 443
    assert question_of("https://127.0.0.1:{port}/up", "web1", MONGREL).tls
