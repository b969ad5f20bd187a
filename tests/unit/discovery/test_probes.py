"""The strongest request that every instance answers."""

import asyncio
from collections.abc import Mapping

import pytest

from rollout.discovery.probes import ProbeChoice, choose_probe
from rollout.model.errors import RemoteError
from rollout.model.fleet import Instance
from rollout.ports.site import CheckResult

FLEET = {
    "web1": [Instance("app_8000", 8000), Instance("app_8001", 8001)],
    "web2": [Instance("app_8000", 8000)],
}


class Answers:
    """Answers by template, or by template and host."""

    def __init__(self, said: Mapping[str, str]) -> None:
        self.said = said
        self.asked: list[str] = []

    async def answers(self, template: str, host: str, instance: Instance) -> CheckResult:
        self.asked.append(f"{template} {host}/{instance.name}")
        said = self.said.get(f"{template} {host}/{instance.name}", self.said.get(template, "-"))
        if said == "lost":
            raise RemoteError(host, "connection lost")
        url = template.replace("{port}", str(instance.port)).replace("{host}", host)
        fix = "is it the name?" if said[0] == "4" else ""
        return CheckResult(ok=said[0] in "2o", message=f"{url}: {said}", fix=fix)


def choose(said: Mapping[str, str], paths: tuple[str, ...] = ()) -> ProbeChoice:
    return asyncio.run(choose_probe(Answers(said), FLEET, paths))


LOOPBACK, OWN = "http://127.0.0.1:{port}", "http://{host}:{port}"


def test_the_path_of_haproxys_own_check_comes_first() -> None:
    found = choose({f"{OWN}/up": "200 OK", f"{LOOPBACK}/": "200 OK"}, ("/up",))
    assert found.template == f"{OWN}/up"
    assert found.reason == "app_8000 on web1: http://web1:8000/up: 200 OK; 2 more answered alike"


def test_without_one_it_is_the_root_on_loopback() -> None:
    assert choose({f"{LOOPBACK}/": "302 Found", f"{OWN}/": "200 OK"}).template == f"{OWN}/"
    assert choose({f"{LOOPBACK}/": "200 OK", f"{OWN}/": "200 OK"}).template == f"{LOOPBACK}/"


def test_a_connection_is_taken_where_http_does_not_say_yes_and_http_is_said() -> None:
    found = choose({f"{LOOPBACK}/": "404 Not Found", "tcp://127.0.0.1:{port}": "open"})
    assert found.template == "tcp://127.0.0.1:{port}"
    assert found.reason.endswith(
        ". http://127.0.0.1:8000/: 404 Not Found: a path that answers 200 would prove more; "
        "is it the name?"
    )


def test_one_instance_that_does_not_answer_is_enough_to_go_on() -> None:
    said = {
        f"{LOOPBACK}/": "200 OK",
        f"{LOOPBACK}/ web2/app_8000": "500 Oops",
        "tcp://127.0.0.1:{port}": "open",
    }
    assert choose(said).template == "tcp://127.0.0.1:{port}"
    assert choose({**said, f"{LOOPBACK}/ web2/app_8000": "lost"}).template.startswith("tcp")


def test_what_none_answers_is_not_known() -> None:
    found = choose({})
    assert found.template == ""
    assert found.reason.startswith("http://127.0.0.1:8000/: -")


def test_an_instance_whose_port_is_not_known_cannot_be_asked() -> None:
    answers = Answers({})
    found = asyncio.run(choose_probe(answers, {"web1": [Instance("app")]}, ()))
    assert found == ProbeChoice("", "the port of app on web1 was not seen")
    assert not answers.asked
    assert not asyncio.run(choose_probe(answers, {}, ())).template


def test_braces_of_a_path_stay_braces() -> None:
    found = choose({f"{LOOPBACK}/{{{{x}}}}": "200 OK"}, ("/{x}",))
    assert found.template == "http://127.0.0.1:{port}/{{x}}"


def test_a_crowd_that_does_not_answer_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent:
        async def answers(self, template: str, host: str, instance: Instance) -> CheckResult:
            await asyncio.sleep(1000)
            raise AssertionError((template, host, instance))

    monkeypatch.setattr("rollout.discovery.probes.WITHIN", 0.05)
    found = asyncio.run(choose_probe(Silent(), FLEET, ()))
    assert found == ProbeChoice("", "not all were asked within 0.05s")
