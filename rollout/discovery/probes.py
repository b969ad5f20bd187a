"""Which request proves an instance: tried in order, taken if all instances answer it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rollout.model.errors import RolloutError
from rollout.model.fleet import Instance
from rollout.ports.discovery import ProbeTrial

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
        return ProbeChoice("", "not known: no instance is")
    unknown = [f"{one.name} on {host}" for host, one in every if not one.port]
    if unknown:
        return ProbeChoice("", f"not known: the port of {unknown[0]} was not seen")
    (host, first), *others = every
    refused: list[str] = []
    for template in templates(paths):
        answer = await trial.answers(template, host, first)
        if not answer.ok:
            refused.append(answer.message)
            continue
        failed = await _failing(trial, template, others)
        if not failed:
            more = f"; {len(others)} more answered alike" if others else ""
            said = f"{first.name} on {host}: {answer.message}{more}"
            return ProbeChoice(template, f"{said}{_http_answers(template, refused)}")
        refused.append(failed)
    return ProbeChoice("", f"not known: {'; '.join(dict.fromkeys(refused))}")


async def _failing(trial: ProbeTrial, template: str, every: Sequence[tuple[str, Instance]]) -> str:
    """Return what the first instance said that did not answer; empty where all did."""
    for host, one in every:
        try:
            answer = await trial.answers(template, host, one)
        except RolloutError as error:
            return str(error)
        if not answer.ok:
            return f"{one.name} on {host}: {answer.message}"
    return ""


def _http_answers(template: str, refused: Sequence[str]) -> str:
    """Say, for a bare connection, what HTTP was answered: a path that answers 2xx proves more."""
    if not template.startswith("tcp"):
        return ""
    said = [one for one in refused if one.startswith("http://") and one.split(" ")[1].isdecimal()]
    return f". {said[0]}: a path that answers 200 would prove more" if said else ""


def _literal(path: str) -> str:
    return path.replace("{", "{{").replace("}", "}}")
