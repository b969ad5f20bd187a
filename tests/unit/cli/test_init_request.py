"""What is said to ``rollout init`` on the command line."""

from typing import Any

import pytest

from rollout.cli import options as row
from rollout.cli.arguments import Arguments
from rollout.cli.global_options import GlobalOptions
from rollout.cli.init_request import InitRequest, named_places, request_of
from rollout.discovery.fleet import SocketPlace
from rollout.model.errors import SettingsError
from rollout.settings.options import Option

NOTHING: dict[Option, Any] = {
    **dict.fromkeys(row.INIT),
    row.YES: False,
    row.FORCE: False,
}


def request(**said: object) -> InitRequest:
    rows = {option.name: option for option in NOTHING}
    values = NOTHING | {rows[name]: value for name, value in said.items()}
    return request_of(Arguments(typed=GlobalOptions(), values=values))


@pytest.mark.parametrize(
    ("said", "places"),
    [
        ({}, ()),
        ({"socket": "/run/x.sock"}, (SocketPlace(name="lb1", socket="/run/x.sock"),)),
        (
            {"ssh": "lb-a"},
            (SocketPlace(name="lb-a", ssh="lb-a", socket="/run/haproxy/admin.sock"),),
        ),
        (
            {"lb": ["a=lb1:/run/x.sock", "b=/run/y.sock", "c=lb3:127.0.0.1:9999"]},
            (
                SocketPlace(name="a", ssh="lb1", socket="/run/x.sock"),
                SocketPlace(name="b", socket="/run/y.sock"),
                SocketPlace(name="c", ssh="lb3", socket="127.0.0.1:9999"),
            ),
        ),
        (
            {"lb": ["a=127.0.0.1:9999", "b=[::1]:9999", "c=lb:[::1]:9999"]},
            (
                SocketPlace(name="a", socket="127.0.0.1:9999"),
                SocketPlace(name="b", socket="[::1]:9999"),
                SocketPlace(name="c", ssh="lb", socket="[::1]:9999"),
            ),
        ),
    ],
)
def test_where_the_admin_sockets_are(said: dict[str, Any], places: tuple[SocketPlace, ...]) -> None:
    assert request(**said).places == places


def test_several_sockets_get_names_of_their_own() -> None:
    said = ["/run/a", "lb1:/run/b", "edge:/run/c", "edge:/run/d"]
    assert [one.name for one in named_places(said)] == ["lb1", "lb2", "edge", "lb3"]
    assert str(named_places(said)[1]) == "lb1:/run/b"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"lb": ["lb1"]}, r"--lb: 'lb1' must be written NAME=\[HOST:\]PATH"),
        ({"lb": ["a=/x", "a=/y"]}, "--lb: a name stands for two load balancers"),
        ({"lb": ["a=/x"], "socket": "/y"}, "leave out --socket and --ssh"),
        ({"host": ["10.0.0.1"]}, "--host: '10.0.0.1' must be written ADDRESS=NAME"),
        ({"app": "shop front"}, "--app: 'shop front' is not a name"),
        ({"match": "("}, "--match: '\\(' is not a regular expression"),
    ],
)
def test_what_cannot_be_read_is_named(said: dict[str, Any], why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        request(**said)


def test_names_come_with_commas_or_one_by_one() -> None:
    said = request(backend=["app,api", "admin"], host=["10.0.0.1=web1", "::1=web2"])
    assert said.backends == ("app", "api", "admin")
    assert said.hosts == {"10.0.0.1": "web1", "::1": "web2"}
    assert said.given


def test_without_a_word_nothing_is_looked_at() -> None:
    assert not request().given
    assert not request(force=True).given
    assert request(yes=True).given
