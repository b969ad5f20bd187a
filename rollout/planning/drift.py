"""Compares a plan with what would be done now: each difference is a reason not to begin."""

from collections.abc import Iterable, Iterator, Mapping

from rollout.model.fleet import Finding
from rollout.model.planned_run import PlannedRelease, PlannedRun, PlannedTarget, RunRequest

NO_MATTER = ("lock.wait", "ssh.connect_timeout", "confirm", "log.", "notify.", "metrics.")
"""Settings, or the beginnings of their keys, that change nothing of what a run does to a fleet."""

SHORT = 12
"""Digits of a revision in a sentence."""


def matters(key: str) -> bool:
    """Tell whether the setting ``key`` decides what a run does to a fleet."""
    return not key.startswith(NO_MATTER)


def drift(planned: PlannedRun, now: PlannedRun) -> tuple[Finding, ...]:
    """Say in what the world, or what is asked for, is another than when it was planned.

    More servers that serve than planned are no difference.
    """
    anew = f"`rollout plan {now.request.verb}` shows what would be done now"
    said = [
        *_of_a_refusal(planned),
        *_of_the_request(planned.request, now.request),
        *_of_the_targets(planned, now),
        *_of_the_order(planned, now),
        *_of_the_capacity(planned, now),
        *_of_the_release(planned.release, now.release),
    ]
    return tuple(Finding(where, f"not as planned: {what}", anew) for where, what in said)


Difference = tuple[str, str]
"""Where, and what is different."""


def _of_a_refusal(planned: PlannedRun) -> Iterator[Difference]:
    if planned.exit_code:
        yield "fleet", "it would have been refused a moment ago, so nothing was shown"


def _of_the_request(planned: RunRequest, now: RunRequest) -> Iterator[Difference]:
    for name, before, after in (
        ("app", planned.app, now.app),
        ("command", planned.verb, now.verb),
        ("env", planned.env, now.env),
        ("--to", planned.to, now.to),
    ):
        if before != after:
            yield name, f"it was {before or 'not set'}, and is {after or 'not set'}"
    if planned.include_left_out != now.include_left_out:
        yield "--include-left-out", _on(planned.include_left_out, now.include_left_out)
    if gone := _only_in(planned.hosts, now.hosts):
        yield "hosts", f"{', '.join(gone)} had a part in it, and {_has(gone)} none now"
    if new := _only_in(now.hosts, planned.hosts):
        yield "hosts", f"{', '.join(new)} had no part in it"
    for key in dict.fromkeys((*planned.settings, *now.settings)):
        was, is_now = planned.settings.get(key, ""), now.settings.get(key, "")
        if was != is_now and matters(key):
            yield key, f"it was {was or 'not set'}, and is {is_now or 'not set'}"


def _on(before: bool, after: bool) -> str:  # noqa: FBT001 - two of a kind
    words = {True: "given", False: "not given"}
    return f"it was {words[before]}, and is {words[after]}"


def _of_the_targets(planned: PlannedRun, now: PlannedRun) -> Iterator[Difference]:
    before = {one.name: one for one in planned.targets}
    after = {one.name: one for one in now.targets}
    why = {one.target: one.reason for one in now.skipped}
    for name in _only_in(before, after):
        reason = f": {why[name]}" if name in why else ""
        yield name, f"it was to be restarted, and is not now{reason}"
    for name in _only_in(after, before):
        yield name, "it was not to be restarted"
    for name, one in before.items():
        if name in after:
            yield from _of_a_target(one, after[name])


def _of_the_order(planned: PlannedRun, now: PlannedRun) -> Iterator[Difference]:
    """Name the first turn that is another target's, where all have one: it may be the canary's."""
    before = [one.name for one in planned.targets]
    after = [one.name for one in now.targets]
    if before != after and sorted(before) == sorted(after):
        pairs = enumerate(zip(before, after, strict=True), 1)
        turn, (was, is_now) = next((n, pair) for n, pair in pairs if pair[0] != pair[1])
        yield "order", f"turn {turn} was that of {was}, and is that of {is_now}"


def _of_a_target(planned: PlannedTarget, now: PlannedTarget) -> Iterator[Difference]:
    for noun, before, after in (
        ("server", planned.servers, now.servers),
        ("instance", planned.instances, now.instances),
    ):
        for one in _only_in(before, after):
            yield planned.name, f"the {noun} {one} is gone"
        for one in _only_in(after, before):
            yield planned.name, f"the {noun} {one} is new"


def _of_the_capacity(planned: PlannedRun, now: PlannedRun) -> Iterator[Difference]:
    before = {one.place: one for one in planned.capacity}
    for one in now.capacity:
        was = before.get(one.place)
        if was is not None and one.serving < was.serving:
            what = f"{one.serving} of {one.members} servers serve, and {was.serving} did"
            yield one.place, what
    if now.stuck and not planned.stuck:
        yield "fleet", now.stuck


def _of_the_release(
    planned: PlannedRelease | None, now: PlannedRelease | None
) -> Iterator[Difference]:
    if planned is None or now is None:
        return
    if planned.revision != now.revision:
        before, after = planned.revision[:SHORT], now.revision[:SHORT]
        yield (now.ref or now.name), f"it was {before or 'unknown'}, and is {after or 'unknown'}"
    if planned.name != now.name:
        yield "release", f"it was {planned.name or 'a new one'}, and is {now.name or 'a new one'}"
    yield from _of_what_is_live(planned.live, now.live)


def _of_what_is_live(planned: Mapping[str, str], now: Mapping[str, str]) -> Iterator[Difference]:
    for host, name in now.items():
        before = planned.get(host, name)
        if before != name:
            what = f"the release {before or 'none'} was live, and {name or 'none'} is"
            yield host, what


def _only_in(first: Iterable[str], second: Iterable[str]) -> list[str]:
    known = set(second)
    return [one for one in first if one not in known]


def _has(names: list[str]) -> str:
    return "has" if len(names) == 1 else "have"
