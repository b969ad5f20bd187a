"""One past run as a JSON object."""

from dataclasses import asdict

from rollout.history.view import RunView, TargetView
from rollout.output.columns import VERSION, as_object
from rollout.output.history import overview_fields
from rollout.text.sanitize import sanitize


def show_json(view: RunView) -> str:
    """Say all that :func:`rollout.output.show.show_text` says as one JSON object."""
    record, end = view.record, view.record.end
    first = record.events[0].at if record.events else record.began.since
    fields = {
        "v": VERSION,
        **overview_fields(view.overview),
        "started": first,
        "ended": end and end.at,
        "sentence": end.sentence if end else "",
        "why": list(record.causes),
        "next": [dict(step) for step in end.steps] if end else [],
        "flags": dict(record.flags),
        "settings": dict(view.settings),
        "out": list(record.summary.out),
        "targets": [_target(target) for target in view.targets],
        "impact": record.summary.impact and asdict(record.summary.impact),
        "servers": {name: asdict(counted) for name, counted in record.servers.items()},
        "deploy": _deploy(view),
        "later": [asdict(one) for one in view.later],
    }
    return as_object(_harmless(fields))


def _target(target: TargetView) -> object:
    return {
        "target": target.name,
        "standing": target.line.standing.value,
        "reason": target.line.reason,
        "out": target.line.standing.out,
        "since": target.since or None,
        "until": target.until or None,
        "back_by": target.back_by.run if target.back_by else None,
        "seconds": target.seconds,
        "phases": dict(target.phases),
        "turns": [asdict(turn) for turn in target.turns],
        "instances": {
            name: {"before": before, "after": after}
            for name, (before, after) in target.pids.items()
        },
        "release": target.line.release,
    }


def _deploy(view: RunView) -> object:
    deploy = view.record.summary.deploy
    if not deploy.release:
        return None
    return {
        "release": deploy.release,
        "revision": deploy.revision,
        "phase": deploy.phase.value,
        "before": dict(deploy.before),
    }


def _harmless(value: object) -> object:
    match value:
        case str():
            return sanitize(value)
        case dict():
            return {sanitize(str(key)): _harmless(item) for key, item in value.items()}
        case list() | tuple():
            return [_harmless(item) for item in value]
        case float():
            return round(value, 3)
        case _:
            return value
