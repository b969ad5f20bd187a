"""Which request proves an instance: tried in order, taken if all instances answer it."""

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rollout.model.errors import RolloutError
from rollout.model.fleet import Instance
from rollout.ports.discovery import ProbeTrial
from rollout.ports.site import CheckResult

WITHIN = 120.0
"""Seconds for all questions together."""

HTTP_ANSWER = re.compile(r"http://\S+: [0-9]{3}\b")

PLACES = ("127.0.0.1", "{host}")
"""An instance listens on the loopback address of its host, or on the address that ssh goes to."""


@dataclass(frozen=True, slots=True)
class ProbeChoice:
    """The probe, empty where none was answered by all, and what was seen."""

    template: str
    reason: str


def templates(paths: Sequence[str]) -> Iterator[str]:
    """Yield what is tried, the strongest proof first: HTTP, then a connection.

    ``paths`` are those of HAProxy's own checks; ``/`` is tried in any case.
    """
    for path in dict.fromkeys((*paths, "/")):
        for place in PLACES:
            yield f"http://{place}:{{port}}{_literal(path)}"
    for place in PLACES:
        yield f"https://{place}:{{port}}/"
    for place in PLACES:
        yield f"tcp://{place}:{{port}}"


async def choose_probe(
    trial: ProbeTrial, instances: Mapping[str, Sequence[Instance]], paths: Sequence[str]
) -> ProbeChoice:
    """Try each template on one instance, and the first that is answered on all others.

    Raises:
        RolloutError: ssh failed.
    """
    every = [(host, one) for host, found in instances.items() for one in found]
    if not every:
        return ProbeChoice("", "no instance is known")
    unknown = [f"{one.name} on {host}" for host, one in every if not one.port]
    if unknown:
        return ProbeChoice("", f"the port of {unknown[0]} was not seen")
    try:
        async with asyncio.timeout(WITHIN):
            return await _first_answered(trial, every, paths)
    except TimeoutError:
        return ProbeChoice("", f"not all were asked within {WITHIN:g}s")


async def _first_answered(
    trial: ProbeTrial, every: Sequence[tuple[str, Instance]], paths: Sequence[str]
) -> ProbeChoice:
    (host, first), *others = every
    refused: list[CheckResult] = []
    for template in templates(paths):
        answer = await trial.answers(template, host, first)
        if not answer.ok:
            refused.append(answer)
            continue
        failed = await _failing(trial, template, others)
        if failed is None:
            more = f"; {len(others)} more answered alike" if others else ""
            said = f"{first.name} on {host}: {answer.message}{more}"
            return ProbeChoice(template, f"{said}{_http_answers(template, refused)}")
        refused.append(failed)
    said = "; ".join(dict.fromkeys(one.message for one in refused))
    return ProbeChoice("", said)


async def _failing(
    trial: ProbeTrial, template: str, every: Sequence[tuple[str, Instance]]
) -> CheckResult | None:
    """Return what the first instance said that did not answer; None where all did."""

    async def ask(host: str, one: Instance) -> CheckResult:
        try:
            answer = await trial.answers(template, host, one)
        except RolloutError as error:
            return CheckResult(ok=False, message=str(error))
        return replace(answer, message=f"{one.name} on {host}: {answer.message}")

    answers = await asyncio.gather(*(ask(host, one) for host, one in every))
    return next((answer for answer in answers if not answer.ok), None)


def _http_answers(template: str, refused: Sequence[CheckResult]) -> str:
    """Say, for a bare connection, what HTTP was answered: a path that answers 2xx proves more."""
    if not template.startswith("tcp"):
        return ""
    for one in refused:
        if HTTP_ANSWER.match(one.message):
            hint = f"; {one.fix}" if one.fix else ""
            return f". {one.message}: a path that answers 200 would prove more{hint}"
    return ""


def _literal(path: str) -> str:
    return path.replace("{", "{{").replace("}", "}}")
