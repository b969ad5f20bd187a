"""How the setting ``socket`` may name an admin socket."""

import pytest

from rollout.text.admin_sockets import (
    POWERFUL,
    right_to_connect,
    right_to_enter,
    stats_socket,
    tcp_socket,
)


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


JOIN = "`sudo usermod -aG haproxy deploy`; it holds from the next login on"


@pytest.mark.parametrize("group", sorted(POWERFUL))
@pytest.mark.parametrize("path", ["/run/haproxy/admin.sock", "/opt/shop/a.sock"])
def test_no_login_is_told_to_join_a_group_that_may_more_than_speak_to_haproxy(
    group: str, path: str
) -> None:
    said = right_to_connect(path, group, "deploy", group_may=True)
    directory = right_to_enter(path.rpartition("/")[0], group, "deploy", group_may=True)
    for fix in (said, directory):
        assert f"usermod -aG {group} " not in fix
        assert fix.endswith(JOIN)
    assert f"`stats socket {path} mode 660 level admin group haproxy`, reload HAProxy" in said
    assert "chgrp haproxy /opt/shop" not in directory


def test_a_group_of_haproxys_own_is_joined() -> None:
    assert right_to_connect("/run/a", "haproxy", "deploy", group_may=True) == JOIN
    assert right_to_enter("/run/haproxy", "haproxy", "deploy", group_may=True) == JOIN


def test_a_group_without_the_right_is_given_it_first() -> None:
    said = right_to_connect("/run/a", "haproxy", "deploy", group_may=False)
    assert "`stats socket /run/a mode 660 level admin group haproxy`" in said
    said = right_to_enter("/run/haproxy", "haproxy", "deploy", group_may=False)
    assert "sudo chmod g+x /run/haproxy`" in said


def test_a_socket_on_tcp_has_no_group() -> None:
    assert stats_socket("127.0.0.1:9999") == "stats socket 127.0.0.1:9999 level admin"
