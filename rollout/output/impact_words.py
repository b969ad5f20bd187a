"""What visitors met, in words: the same in the summary, on the screen and in the history."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from rollout.model.impact import CLEARED, LATE, RELOAD, BackendImpact, Impact, ImpactGap
from rollout.model.traffic import TrafficCounters
from rollout.text.elapsed import in_words


def impact_words(impact: Impact) -> str:
    """Say what HAProxy counted; a 5xx of the app itself is counted too, so none is called ours.

    ``3,412 requests, 5xx 0, connect errors 0, retries 2, lowest capacity 6 of 8 (floor 6)``.
    """
    said = [*met_parts(impact), *lowest_words(impact.backends), *gap_words(impact)]
    return ", ".join(said)


def met_parts(impact: Impact) -> list[str]:
    """Say what was counted, each by itself; the first three in any case."""
    total = impact.total
    counted = counter_parts(total, impact.app_5xx) if impact.backends else ["not measured"]
    rest = {
        "sessions cut": impact.cut,
        "visitors in maint": impact.visited,
        "queue peak": impact.queue_peak,
    }
    return [*counted, *_those_that_rose(rest)]


def counter_words(counted: TrafficCounters, app_5xx: int | None = None) -> str:
    """Say the counters: those that matter in any case, the others where they rose.

    ``app_5xx`` are the 5xx that the app answered itself, where that is known.
    """
    return ", ".join(counter_parts(counted, app_5xx))


def counter_parts(counted: TrafficCounters, app_5xx: int | None = None) -> list[str]:
    """Say each counter by itself; the first three in any case."""
    whose = ""
    if app_5xx is not None and counted.responses_5xx:
        whose = f" (app {app_5xx:,}, HAProxy {counted.responses_5xx - app_5xx:,})"
    said = [
        _many(counted.requests, "request"),
        f"5xx {counted.responses_5xx:,}{whose}",
        f"connect errors {counted.connect_errors:,}",
    ]
    rest = {
        "response errors": counted.response_errors,
        "retries": counted.retries,
        "redispatches": counted.redispatches,
        "aborted by visitors": counted.client_aborts,
        "aborted by servers": counted.server_aborts,
    }
    return [*said, *_those_that_rose(rest)]


def _those_that_rose(counts: Mapping[str, int]) -> list[str]:
    return [f"{name} {count:,}" for name, count in counts.items() if count]


def lowest_words(backends: Iterable[BackendImpact]) -> list[str]:
    """Name the tightest moment of any backend; nothing where none was counted."""
    counted = [one for one in backends if one.members]
    if not counted:
        return []
    tightest = min(counted, key=lambda one: (one.lowest - one.floor, one.lowest / one.members))
    floor = f" (floor {tightest.floor})" if tightest.floor else ""
    return [f"lowest capacity {tightest.lowest} of {tightest.members}{floor}"]


GAPS = {
    RELOAD: "HAProxy on {} was reloaded",
    CLEARED: "the counters of {} were cleared",
    LATE: "{} did not answer at first",
}
UNKNOWN_GAP = "{} was not read for a time"
"""Of a gap for a reason of which another version of rollout tells in its journal."""


def gap_words(impact: Impact) -> list[str]:
    """Say of which times no counter tells; those of one load balancer and reason together."""
    gaps: dict[tuple[str, str], list[ImpactGap]] = defaultdict(list)
    for gap in impact.gaps:
        gaps[gap.reason, gap.balancer].append(gap)
    said = []
    for (reason, name), found in gaps.items():
        many = sum(gap.times for gap in found)
        seconds = sum(max(float(gap.times), gap.seconds) for gap in found)
        times = f" {many} times" if many > 1 else ""
        what = GAPS.get(reason, UNKNOWN_GAP).format(name)
        said.append(f"{what}{times}: up to {in_words(seconds)} are not counted")
    return said + [f"{name} could not be read at the end" for name in impact.unread]


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
