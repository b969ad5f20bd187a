"""How many servers serve when a run ends, and whether the floor holds: as far as it was read."""

from collections.abc import Sequence

from rollout.model.impact import BackendImpact
from rollout.output.deploy_sentences import some
from rollout.summary.run import RunSummary

FEW = 3
"""Backends that are told one by one; of more the one that is nearest to its floor."""


def serving_now(summary: RunSummary) -> str:
    """Say how many servers serve by the last reading, as sentences to be added.

    Of a load balancer that did not answer then, or of all where there was no last reading, it is
    said that the number is not known.  Empty where the run counted no servers.
    """
    counted = [one for one in summary.impact.backends if one.members] if summary.impact else []
    if not counted or summary.impact is None:
        return ""
    silent = {*summary.unseen, *summary.impact.unread}
    if not summary.impact.servers:  # they are read at the end only
        silent |= {one.balancer for one in counted}
    said = [_counts([one for one in counted if one.balancer not in silent])]
    unknown = sorted(silent & {one.balancer for one in counted})
    said += [f"How many servers serve on {some(unknown)} is not known."] if unknown else []
    return "".join(f" {sentence}" for sentence in said if sentence)


def _counts(backends: Sequence[BackendImpact]) -> str:
    if not backends:
        return ""
    first = min(backends, key=lambda one: (one.serving - one.floor, one.place))
    if len({(one.serving, one.members, one.floor) for one in backends}) == 1:
        places = [one.place for one in backends]
        where = f"each of {some(places, FEW)}" if len(places) > 1 else first.place
        return f"On {where} {_count(first)}; {_floor(first)}".rstrip("; ") + "."
    if len(backends) > FEW:
        return (
            f"On {first.place}, the tightest, {_count(first)}; {_floor(first)}".rstrip("; ") + "."
        )
    each = [f"on {one.place} {_count(one)}, {_floor(one)}".rstrip(", ") for one in backends]
    said = "; ".join(each)
    return f"{said[:1].upper()}{said[1:]}."


def _count(one: BackendImpact) -> str:
    return f"{one.serving} of {one.members} servers {'serves' if one.serving == 1 else 'serve'}"


def _floor(one: BackendImpact) -> str:
    if not one.floor:
        return ""
    return f"floor {one.floor} {'holds' if one.serving >= one.floor else 'does not hold'}"
