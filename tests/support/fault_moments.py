"""Moments of a run in which something can happen to it."""

from tests.integration.trouble.conftest import Troubled
from tests.support.started_runs import Running


def asked(shop: Troubled) -> Running:
    """Return when the first host was asked to restart; its app does not listen until healed."""
    shop.settings(restart__running_timeout="25s")
    shop.fleet.hosts["web1"].misbehave("hang-boot")
    running = shop.start()
    running.until_says("nothing listens")
    return running


def let_it_boot(shop: Troubled) -> None:
    shop.fleet.hosts["web1"].heal()
    shop.fleet.hosts["web1"].kill_instance("mongrel_8000")
