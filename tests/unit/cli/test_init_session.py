"""``rollout init`` names a load balancer that cannot be read, and once."""

from types import SimpleNamespace

import pytest

from rollout.cli import init_session
from rollout.cli.init_questions import Questions
from rollout.cli.init_request import InitRequest
from rollout.cli.init_session import InitSession
from rollout.discovery.fleet import SeenBalancer, SocketPlace
from rollout.model.errors import RolloutError
from rollout.model.fleet import Finding


def test_a_host_that_has_no_address_is_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    place = SocketPlace(name="nohost", ssh="nohost", socket="/run/haproxy/admin.sock")
    trouble = Finding("nohost", "nohost: the name nohost has no address", "getent hosts nohost")

    async def unread(*_: object) -> tuple[SeenBalancer, ...]:
        return (SeenBalancer(place=place, snapshot=None, notes=(trouble,)),)

    site = SimpleNamespace(balancers={})
    monkeypatch.setattr(init_session, "open_unknown_site", lambda *_: site)
    monkeypatch.setattr(init_session, "read_balancers", unread)
    session = InitSession(InitRequest(places=(place,), hosts={}), Questions(interactive=False))
    try:
        with pytest.raises(RolloutError) as raised:
            session.look()
    finally:
        session.close()
    assert str(raised.value) == "nohost: the name nohost has no address"
