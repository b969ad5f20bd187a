"""In a container: the lock and the journal are kept outside of it, or nothing is begun."""

from pathlib import Path

import pytest

from tests.integration.trouble.conftest import Troubled
from tests.support.bastion import Bastion, kill_9, last_in, open_in
from tests.support.fault_places import a_visitor_stays
from tests.support.private_files import as_in_container

pytestmark = pytest.mark.integration


def socket_of(shop: Troubled) -> Path:
    return shop.fleet.balancers["lb1"].socket.parent


def container(shop: Troubled, name: str, *volumes: Path) -> Bastion:
    """A container that has HAProxy's directory and ``volumes`` from the machine."""
    return Bastion(shop, name, inside=as_in_container(socket_of(shop), *volumes))


def made(directory: Path) -> Path:
    directory.mkdir(mode=0o700)
    return directory


def test_a_lock_that_only_the_container_sees_is_refused_with_the_volume_to_type(
    shop: Troubled,
) -> None:
    lock = made(shop.fleet.directory / "lock")
    state = made(shop.fleet.directory / "kept")
    private = container(shop, "private", state)
    private.state = state

    for words in (["check"], ["restart"], ["lock", "acquire", "--reason", "a test"], ["lock"]):
        refused = private.rollout(*words)
        assert refused.code == 3, words
        said = refused.said + refused.data
        assert f"the lock: {lock} ends with this container" in said, said
        assert f"start the container with `-v {lock}:{lock}`" in said
    assert shop.untouched
    assert list(lock.iterdir()) == []

    shared = container(shop, "shared", state, lock)
    shared.state = state
    assert shared.rollout("check").code == 0
    assert shared.rollout("lock", "acquire", "--reason", "a test").code == 0
    other = container(shop, "other", state, lock)
    assert "a test" in other.rollout("lock").data, "another container sees it"
    assert "a test" in Bastion(shop, "machine").rollout("lock").data, "the machine sees it"


def test_a_journal_that_ends_with_the_container_is_refused_with_the_volume_to_type(
    shop: Troubled,
) -> None:
    lock = made(shop.fleet.directory / "lock")
    private = container(shop, "private", lock)
    for word in ("check", "restart"):
        refused = private.rollout(word)
        said = refused.said + refused.data
        assert refused.code == 3, said
        assert "the journal would end with this container" in said
        assert f"start the container with `-v {private.state}" in said
    assert shop.untouched


def test_what_a_killed_container_has_left_out_is_brought_back_from_another(shop: Troubled) -> None:
    lock = made(shop.fleet.directory / "lock")
    state = made(shop.fleet.directory / "kept")
    first, second = (container(shop, name, lock, state) for name in ("first", "second"))
    first.state = second.state = state
    with a_visitor_stays(shop.fleet, "web1") as finish:
        running = first.start("restart", "--drain-timeout", "10s")
        running.until_says("web1 draining")
        kill_9(running)
        finish()
    assert open_in(state) == [last_in(state).run]
    assert second.rollout("recover", "--yes").code == 0
    assert shop.all_ready


def test_on_the_filesystem_of_haproxy_itself_lock_and_journal_may_be(shop: Troubled) -> None:
    together = Bastion(shop, "together", inside=as_in_container())
    assert "this container" not in together.rollout("check").data
    taken = together.rollout("lock", "acquire", "--reason", "a test")
    assert taken.code == 0, taken.said
