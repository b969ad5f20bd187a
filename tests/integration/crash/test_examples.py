"""Each example that the help of a command prints is typed as it stands, where it makes sense."""

import shlex
from collections.abc import Callable

import pytest

from examples.fleet.srv import FIRST
from rollout.cli.examples import EXAMPLES
from tests.integration.trouble.conftest import MakeTrouble, Troubled
from tests.support.advice import Typed, type_line
from tests.support.bastion import kill_9
from tests.support.fault_places import a_visitor_stays

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


def as_it_is(shop: Troubled) -> None:
    """Do nothing before."""
    del shop


def a_new_release(shop: Troubled) -> None:
    shop.fleet.shop.release()


def two_releases(shop: Troubled) -> None:
    shop.fleet.shop.release()
    assert shop.rollout("uninterrupted").code == 0


def killed(shop: Troubled) -> None:
    """Let a run die while web1 is in drain."""
    with a_visitor_stays(shop.fleet, "web1") as finish:
        running = shop.start("restart", "--drain-timeout", "10s")
        running.until_says("web1 draining")
        kill_9(running)
        finish()


def locked(shop: Troubled) -> None:
    assert shop.rollout("lock", "acquire", "--reason", "a test").code == 0


BEFORE: dict[str, Callable[[Troubled], None]] = {
    "restart": as_it_is,
    "uninterrupted": a_new_release,
    "rollback": two_releases,
    "recover": killed,
    "resume": killed,
    "prune": two_releases,
    "lock acquire": as_it_is,
    "lock release": locked,
    "lock break": locked,
}


def releases(shop: Troubled) -> set[str]:
    return {host.srv.current for host in shop.fleet.hosts.values()}


def restarted(shop: Troubled, typed: Typed) -> None:
    assert shop.new_processes("web1"), typed.said
    assert shop.all_ready
    assert shop.new_processes("web2") == ("web1" not in typed.line)


def deployed(shop: Troubled, typed: Typed) -> None:
    assert shop.fleet.hosts["web1"].srv.current != FIRST, typed.said
    assert shop.all_ready


def went_back(shop: Troubled, typed: Typed) -> None:
    assert releases(shop) == {FIRST}, typed.said
    assert shop.all_ready


def recovered(shop: Troubled, typed: Typed) -> None:
    assert shop.all_ready == ("--abandon" not in typed.line), typed.said


def resumed(shop: Troubled, typed: Typed) -> None:
    assert shop.all_ready, typed.said
    assert shop.new_processes("web2")


def pruned(shop: Troubled, typed: Typed) -> None:
    assert "nothing to remove" in typed.said or "removed" in typed.said
    assert shop.all_ready


def is_locked(shop: Troubled, typed: Typed) -> None:
    reason = shlex.split(typed.line)[-1]
    assert reason in shop.rollout("lock").data


def is_free(shop: Troubled, typed: Typed) -> None:
    assert "no run and no person holds the lock" in shop.rollout("lock").data, typed.said


AFTER: dict[str, Callable[[Troubled, Typed], None]] = {
    "restart": restarted,
    "uninterrupted": deployed,
    "rollback": went_back,
    "recover": recovered,
    "resume": resumed,
    "prune": pruned,
    "lock acquire": is_locked,
    "lock release": is_free,
    "lock break": is_free,
}


OF_THE_LOCK = [command for command in EXAMPLES if command.startswith("lock ")]
"""They share a fleet: none of them touches a server."""


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (command, line)
        for command in EXAMPLES
        if command not in OF_THE_LOCK
        for line in EXAMPLES[command]
    ],
)
def test_an_example_does_what_it_says(trouble_in: MakeTrouble, command: str, line: str) -> None:
    played(trouble_in(deploys=True), command, line)


def test_the_examples_of_the_lock_do_what_they_say(shop: Troubled) -> None:
    for command in OF_THE_LOCK:
        for line in EXAMPLES[command]:
            played(shop, command, line)
            shop.rollout("lock", "break", "--yes")


def played(shop: Troubled, command: str, line: str) -> None:
    """Type ``line`` in the state for which it is, and hold what came of it."""
    BEFORE[command](shop)
    typed = type_line(shop.fleet, line)
    assert typed.code == 0, typed.said
    AFTER[command](shop, typed)
