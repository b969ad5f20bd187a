"""How monit is called on a host, and in which groups its processes are."""

import asyncio

import pytest

from rollout.adapters.monit.finder import NO_GROUP, MonitFinder
from rollout.model.errors import SupervisorError
from tests.support.monitd import Said

STATUS = """\
Process '{name}'
  status                       OK
  monitoring status            Monitored
"""
REFUSED = "Cannot open the control file '/etc/monit/monitrc' -- Permission denied"


class Host:
    """A host with monit; it answers what ``groups`` says of a group, everything without one."""

    def __init__(self, *, sudo: str = "", honours: bool = True, **groups: str) -> None:
        self.sudo = sudo
        self.honours = honours
        self.groups = groups
        self.asked: list[str] = []

    def run(self, host: str, command: str, *, timeout: float) -> Said:
        assert host == "web1"
        assert timeout
        words = command.split("\n", 1)[0]
        self.asked.append(words)
        if "sudo" not in words:
            return self._said(1, REFUSED)
        if self.sudo:
            return self._said(1, self.sudo)
        if "-g" in words and self.honours:
            group = words.split(" -g ")[1].split()[0]
            names = self.groups.get(group, "").split()
            if not names:
                return self._said(1, f"Service group '{group}' not found")
        else:
            names = ["app_8000", "app_8001", "nginx"]
        text = "".join(STATUS.format(name=name) for name in names)
        return self._said(0, f"This is Monit version 5.33.0\n{text}")

    def _said(self, status: int, text: str) -> Said:
        return Said(0, f"@monit {status}\n{text}\n", "")

    def finder(self) -> MonitFinder:
        return MonitFinder(self.run, asyncio.to_thread, "monit")


def test_sudo_is_tried_where_the_login_may_not() -> None:
    found = asyncio.run(Host().finder().look("web1"))
    assert found.command == "sudo -n monit"
    assert [state.name for state in found.states] == ["app_8000", "app_8001", "nginx"]
    assert found.states[0].port == 8000


def test_where_both_refuse_the_last_one_says_why() -> None:
    host = Host(sudo="sudo: a password is required")
    with pytest.raises(SupervisorError, match="password") as refused:
        asyncio.run(host.finder().look("web1"))
    assert "sudoers" in refused.value.fix


def test_groups_are_told_apart_from_what_is_none() -> None:
    host = Host(app="app_8000 app_8001", web="nginx")
    groups = asyncio.run(host.finder().groups("web1", "sudo -n monit", ["app", "shop", "web"]))
    assert groups == {"app": {"app_8000", "app_8001"}, "web": {"nginx"}}
    assert any(NO_GROUP in words for words in host.asked)


def test_a_monit_that_ignores_groups_has_none() -> None:
    host = Host(honours=False)
    assert asyncio.run(host.finder().groups("web1", "sudo -n monit", ["app"])) == {}


def test_a_refusal_of_sudo_ends_the_questions() -> None:
    host = Host(sudo="sudo: a password is required")
    assert asyncio.run(host.finder().groups("web1", "sudo -n monit", ["app", "shop"])) == {}
    assert len(host.asked) == 1
