"""How the setting ``socket`` may name an admin socket."""

import pytest

from rollout.text.admin_sockets import tcp_socket


@pytest.mark.parametrize(
    ("said", "spelled", "socat"),
    [
        ("127.0.0.1:9999", "127.0.0.1:9999", "TCP4:127.0.0.1:9999"),
        ("ipv4@127.0.0.1:9999", "127.0.0.1:9999", "TCP4:127.0.0.1:9999"),
        ("[::1]:9999", "[::1]:9999", "TCP6:[::1]:9999"),
        ("ipv6@::1:9999", "[::1]:9999", "TCP6:[::1]:9999"),
        ("ipv6@[::1]:9999", "[::1]:9999", "TCP6:[::1]:9999"),
    ],
)
def test_an_address_is_read_as_haproxy_writes_it(said: str, spelled: str, socat: str) -> None:
    found = tcp_socket(said)
    assert found is not None
    assert (str(found), found.socat, found.is_loopback) == (spelled, socat, True)


def test_a_path_is_none() -> None:
    assert tcp_socket("/run/haproxy/admin.sock") is None


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ("admin.sock", "must begin with /"),
        (":9999", "must begin with /"),
        ("*:9999", "no address of numbers"),
        ("localhost:9999", "no address of numbers"),
        ("0.0.0.0:9999", "nowhere to connect to"),
        ("127.0.0.1:0", "nowhere to connect to"),
        ("127.0.0.1:70000", "nowhere to connect to"),
        ("$(id):9999", "no address of numbers"),
    ],
)
def test_what_leads_nowhere_is_refused(said: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        tcp_socket(said)
