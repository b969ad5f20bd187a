"""A deploy is proposed where every host has the same layout and nothing is in its way."""

import asyncio
from dataclasses import replace

import pytest

from rollout.discovery import deploys
from rollout.discovery.deploys import DeployChoice, choose_deploy
from rollout.model.errors import RemoteError
from rollout.model.fleet import Finding
from rollout.ports.discovery import ReleaseLayout
from tests.support.simulation.clock import play

LAYOUT = ReleaseLayout(to="/srv/shop", repo="git@example.com:shop.git", shared=("log",))
HOSTS = ("web1", "web2")
BOTH = dict.fromkeys(HOSTS, LAYOUT)
UNWRITABLE = Finding("web2", "/srv/shop is not writable", "sudo chown deploy /srv/shop")


class Trial:
    """Answers for each host what it was given, and notes with what it was asked."""

    def __init__(self, *findings: Finding, error: Exception | None = None) -> None:
        self.findings = findings
        self.error = error
        self.asked: list[tuple[str, ReleaseLayout]] = []

    async def examine(self, host: str, layout: ReleaseLayout) -> tuple[Finding, ...]:
        self.asked.append((host, layout))
        if self.error is not None and host == "web2":
            raise self.error
        return tuple(one for one in self.findings if one.where == host)


def chosen(layouts: dict[str, ReleaseLayout], trial: Trial | None = None) -> DeployChoice:
    return play(choose_deploy(HOSTS, layouts, trial or Trial()))


def test_every_host_is_tried_before_it_is_proposed() -> None:
    trial = Trial()
    choice = chosen(BOTH, trial)
    assert choice.works
    assert choice.layout == LAYOUT
    assert trial.asked == [("web1", LAYOUT), ("web2", LAYOUT)]


def test_what_the_releases_of_any_host_share_is_shared() -> None:
    other = replace(LAYOUT, shared=("public/system",), shared_files=("x.yml",), by_sudo=True)
    choice = chosen({"web1": LAYOUT, "web2": other})
    assert choice.layout == replace(other, shared=("log", "public/system"))
    assert choice.works


@pytest.mark.parametrize(
    ("layouts", "reason"),
    [
        ({}, "no instance was seen to run in a layout like Capistrano's"),
        ({"web1": LAYOUT}, "web2 was not seen to have that layout"),
        (
            {"web1": LAYOUT, "web2": replace(LAYOUT, to="/srv/b")},
            "the hosts have several; web1 has /srv/shop",
        ),
        (
            {"web1": LAYOUT, "web2": replace(LAYOUT, repo="https://x/y")},
            "the repository is not known: /srv/shop/repo of the hosts names no single one",
        ),
    ],
)
def test_what_is_not_the_same_everywhere_is_not_proposed(
    layouts: dict[str, ReleaseLayout], reason: str
) -> None:
    trial = Trial()
    choice = chosen(layouts, trial)
    assert (choice.works, choice.reason, trial.asked) == (False, reason, [])


def test_what_is_in_the_way_of_a_deploy_is_the_reason_with_its_fix() -> None:
    choice = chosen(BOTH, Trial(UNWRITABLE))
    assert not choice.works
    assert choice.reason == ("web2: /srv/shop is not writable; to do: sudo chown deploy /srv/shop")
    choice = chosen(BOTH, Trial(error=RemoteError("web2", "connection lost")))
    assert choice.reason.startswith("web2: connection lost")


def test_a_host_that_hangs_keeps_the_file_from_nothing() -> None:
    class Hangs(Trial):
        async def examine(self, host: str, layout: ReleaseLayout) -> tuple[Finding, ...]:
            await asyncio.sleep(10_000)
            return await super().examine(host, layout)

    choice = chosen(BOTH, Hangs())
    assert choice.reason == f"web1: no whole answer within {deploys.TRIED_WITHIN:g}s"
