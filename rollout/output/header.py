"""The head of the live screen: what runs, who began it, which release, and the finished steps."""

from rich.text import Text

from rollout.output import marks
from rollout.output.deploy_sentences import short, some
from rollout.output.parts import (
    BAD,
    BUSY,
    DIM,
    GOOD,
    STRONG,
    Piece,
    first_that_fits,
    joined,
    shorter_and_shorter,
)
from rollout.output.view import View
from rollout.summary.deploy import DeploySummary, Phase
from rollout.summary.progress import StepTime
from rollout.text.elapsed import in_words
from rollout.text.sanitize import sanitize
from rollout.text.timestamps import to_the_second

WAITED_FOR = 3
"""Hosts named that a step still waits for; of more it is enough to know how many."""

STEPS = {"update_code": "code", "link shared": "shared", "symlink": "switch"}
"""How a step is called where there is little room."""


def identity(view: View, columns: int) -> list[Text]:
    """Say which app and environment this is, what is done to it, by whom and since when."""
    began = view.summary.began
    if began is None:
        return []
    env = [(" · ", DIM), (sanitize(began.env), STRONG)] if began.env else []
    app: list[Piece] = [(sanitize(began.app), STRONG), *env]
    verb: Piece = (sanitize(began.verb), "")
    run: Piece = (f"run {view.run}" if view.run else "", "")
    who: Piece = (f"{sanitize(began.sudo_user or began.user)}@{sanitize(began.bastion)}", "")
    since: Piece = (f"since {to_the_second(began.since).partition('T')[2]}", DIM)
    reason: Piece = (f'"{sanitize(began.reason)}"' if began.reason else "", DIM)
    tails = [
        [verb, run, who, since, reason],
        [verb, run, who, since],
        [verb, run, who],
        [verb, run],
        [verb],
    ]
    versions = [
        [*app, *[("   ", "")], *joined([piece for piece in tail if piece[0]])] for tail in tails
    ]
    return [first_that_fits([*versions, app], columns)]


def release(view: View, columns: int) -> list[Text]:
    """Say which release is deployed, which one it replaces, and how far it is."""
    deploy = view.summary.deploy
    if deploy.phase is Phase.NONE:
        return []
    phase = "undone" if deploy.phase is Phase.TAKEN_BACK else deploy.phase.value
    state: Piece = (phase, BAD if _goes_back(deploy) else GOOD if phase == "live" else BUSY)
    name: Piece = (f"release {sanitize(deploy.release)}", "")
    made = f" ({sanitize(short(deploy.revision))})" if deploy.revision else ""
    long: Piece = (f"{name[0]}{made}", "")
    before: Piece = (_replaces(deploy), DIM)
    versions = [[long, state, before], [name, state, before], [name, state], [state]]
    kept = [[piece for piece in version if piece[0]] for version in versions]
    return [first_that_fits([joined(version) for version in kept], columns)]


def _goes_back(deploy: DeploySummary) -> bool:
    return deploy.phase not in {Phase.PREPARING, Phase.IN_PLACE, Phase.LIVE}


def _replaces(deploy: DeploySummary) -> str:
    """Say which release was live before; it is known once the release is in place."""
    if not deploy.before:
        return ""
    before = sorted({one for one in deploy.before.values() if one})
    if not before:
        return "the first release"
    if len(before) == 1:
        verb = "back to" if _goes_back(deploy) else "replaces"
        return f"{verb} {sanitize(before[0])}"
    return f"replaces {len(before)} different releases"


def steps(view: View, columns: int) -> list[Text]:
    """List the finished steps with their times, and how far the present one is."""
    done = [_finished(step) for step in view.progress.steps if step.seconds is not None]
    deploy = view.summary.deploy
    going = view.progress.steps[-1:] if deploy.phase is Phase.PREPARING else ()
    if any(step.seconds is None for step in going):
        return _step_under_way(view, done, columns)
    if not done:
        return []
    versions = [joined(done[count:], "  ") for count in range(len(done))]
    return [first_that_fits(versions, columns)]


def _finished(step: StepTime) -> Piece:
    return f"{_called(step.name)} {marks.DONE}{in_words(step.seconds or 0.0)}", DIM


def _step_under_way(view: View, done: list[Piece], columns: int) -> list[Text]:
    deploy = view.summary.deploy
    ready = [host for host in deploy.at if host in deploy.done]
    left = [host for host in deploy.at if host not in deploy.done]
    clock = in_words(view.now - view.progress.steps[-1].began)
    failed = bool(deploy.failed)
    mark = marks.FAILED if failed else marks.MOVING
    tint = BAD if failed else BUSY
    head: Piece = (f"{_called(deploy.step)} {mark}{clock}", tint)
    count: Piece = (f"{len(ready)} of {len(deploy.at)}", "")
    waits: Piece = (f"waits for {sanitize(some(left, WAITED_FOR))}" if left else "", "")
    now = [head, count, *([waits] if waits[0] and ready else [])]
    versions = [
        [*joined(done[n:], "  "), *joined([("", ""), *now], "  ")] for n in range(len(done))
    ]
    return [first_that_fits([*versions, *shorter_and_shorter(now, "  ")], columns)]


def _called(step: str) -> str:
    return sanitize(STEPS.get(step, step.removeprefix("compile ")))
