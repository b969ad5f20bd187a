"""Readings of HAProxy's counters, folded: what a reload, a clearing, another process do to them."""

import gc
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as some

from rollout.model.fleet import HaproxyProcess, Server
from rollout.model.impact import BackendImpact, Impact, ImpactGap, ImpactMeter
from rollout.model.traffic import NAMES, BackendTraffic, TrafficCounters, TrafficReading

A = HaproxyProcess(pid=100, started=1_000)
B = HaproxyProcess(pid=200, started=2_000)
WEB1 = Server("lb1", "app", "web1")

HUGE = 2**63 - 1


def counters(requests: int = 0, **rose: int) -> TrafficCounters:
    return TrafficCounters(requests=requests, **rose)


def reading(
    requests: int | TrafficCounters | None,
    process: HaproxyProcess = A,
    *,
    age: float = 10_000,
    handled: float = float("inf"),
    servers: dict[Server, TrafficCounters] | None = None,
    **gauges: int,
) -> TrafficReading:
    seen = counters(requests) if isinstance(requests, int) else requests
    backends = {} if seen is None else {"app": BackendTraffic(counters=seen, **gauges)}
    return TrafficReading(
        balancer="lb1",
        process=process,
        age=age,
        handled=handled,
        backends=backends,
        servers=servers or {},
    )


def meter_of(*readings: TrafficReading, members: int = 0) -> ImpactMeter:
    """Fold readings that were made a second apart, the first at 0."""
    meter = ImpactMeter()
    meter.add(("lb1", "app"), 0.0, members=members, floor=1)
    for second, one in enumerate(readings):
        meter.see(one, float(second))
    return meter


def impact_of(*readings: TrafficReading, members: int = 0) -> BackendImpact:
    (one,) = meter_of(*readings, members=members).backends
    return one


def rose(*readings: TrafficReading) -> int:
    return impact_of(*readings).counters.requests


def test_what_was_counted_before_the_first_reading_does_not_count() -> None:
    assert rose(reading(1_000)) == 0
    assert rose(reading(1_000), reading(1_007), reading(1_012)) == 12


def test_each_counter_is_counted_by_itself() -> None:
    first = TrafficCounters(**dict.fromkeys(NAMES, 10))
    last = TrafficCounters(**{name: 10 + place for place, name in enumerate(NAMES)})
    assert impact_of(reading(first), reading(last)).counters == TrafficCounters(
        **{name: place for place, name in enumerate(NAMES)}
    )


def test_counters_as_large_as_haproxy_has_them() -> None:
    assert rose(reading(HUGE - 5), reading(HUGE)) == 5


def test_after_a_reload_the_new_process_is_counted_from_zero_and_the_loss_is_said() -> None:
    meter = meter_of(reading(1_000), reading(1_010), reading(4, B, age=0, handled=9))
    assert meter.backends[0].counters.requests == 14
    assert meter.gaps == (ImpactGap(balancer="lb1", reason="reload", seconds=1.0),)


def test_the_counters_of_a_busier_new_process_are_not_compared_with_those_of_the_old() -> None:
    assert rose(reading(3), reading(5), reading(50, B, age=0, handled=50)) == 52


def test_another_machine_at_the_same_address_adds_nothing_of_what_it_had_counted() -> None:
    """A virtual address that moves: the other HAProxy is up since days."""
    meter = meter_of(
        reading(1_000), reading(1_010), reading(7_000_000, B, age=86_400), reading(7_000_003, B)
    )
    assert meter.backends[0].counters.requests == 13
    assert [gap.reason for gap in meter.gaps] == ["reload"]


def test_a_haproxy_that_tells_no_age_adds_nothing_up_to_its_first_reading() -> None:
    assert rose(reading(10), reading(12), reading(400, B, age=float("inf")), reading(405, B)) == 7


def test_counters_that_a_new_process_took_over_from_a_file_are_not_counted_again() -> None:
    """``stats-file`` of 3.0: they begin with those of an old dump."""
    taken_over = reading(990_000, B, age=0, handled=12)
    assert rose(reading(1_000_000), reading(1_000_010), taken_over, reading(990_020, B)) == 30


def test_two_processes_that_answer_in_turn_are_each_compared_with_themselves() -> None:
    """For a moment both may listen on the port of the admin socket."""
    old, new = reading(1_000_000), reading(4, B, age=0, handled=4)
    later = reading(1_000_002), reading(9, B, age=1, handled=9)
    meter = meter_of(old, new, *later)
    assert meter.backends[0].counters.requests == 4 + 2 + 5
    assert [gap.times for gap in meter.gaps] == [3]


def test_after_clear_counters_all_counting_goes_on_from_zero_and_the_loss_is_said() -> None:
    meter = meter_of(reading(1_000), reading(1_010), reading(6), reading(8))
    assert meter.backends[0].counters.requests == 18
    assert meter.gaps == (ImpactGap(balancer="lb1", reason="cleared", seconds=1.0),)


def test_a_counter_that_fell_though_the_requests_rose_shows_a_clearing() -> None:
    meter = meter_of(reading(counters(5, responses_5xx=3)), reading(counters(9, responses_5xx=1)))
    assert meter.backends[0].counters == counters(9, responses_5xx=1)
    assert [gap.reason for gap in meter.gaps] == ["cleared"]


def test_a_clearing_is_seen_by_any_backend_and_holds_for_all_and_for_the_servers() -> None:
    meter = ImpactMeter()
    for name in ("app", "api"):
        meter.add(("lb1", name), 0.0)
    both = {"app": counters(100), "api": counters(2)}
    then = {"app": counters(3), "api": counters(5)}
    for second, (seen, of_web1) in enumerate(((both, 90), (then, 95))):
        backends = {name: BackendTraffic(counters=one) for name, one in seen.items()}
        servers = {WEB1: counters(of_web1)}
        meter.see(replace(reading(None), backends=backends, servers=servers), second)
    assert [one.counters.requests for one in meter.backends] == [5, 3]
    assert meter.servers[WEB1].requests == 95


def test_a_backend_that_a_reload_takes_away_serves_nobody_and_keeps_what_it_counted() -> None:
    seen = impact_of(
        reading(10, serving=3, sessions=4, queued=2), reading(15, serving=3), reading(None, B)
    )
    assert (seen.counters.requests, seen.serving, seen.lowest) == (5, 0, 0)
    assert (seen.sessions, seen.queued, seen.queue_peak) == (0, 0, 2)


def test_a_backend_that_comes_back_is_counted_on() -> None:
    assert rose(reading(10), reading(None, B, age=0), reading(7, B, age=1)) in {0, 7}


def test_a_backend_that_appears_counts_from_then_on() -> None:
    assert rose(reading(None), reading(500), reading(503)) == 3


def test_a_backend_that_was_never_read_is_not_shown() -> None:
    assert meter_of(reading(None)).backends == ()
    assert meter_of().backends == ()


def test_a_backend_that_no_run_is_about_is_not_counted() -> None:
    meter = ImpactMeter()
    meter.add(("lb2", "app"), 0.0)
    meter.see(reading(5), 0.0)
    assert meter.backends == ()


def test_a_load_balancer_that_answers_late_is_said_to() -> None:
    meter = ImpactMeter()
    meter.add(("lb1", "app"), 0.0)
    meter.see(reading(5), 12.0)
    assert meter.gaps == (ImpactGap(balancer="lb1", reason="late", seconds=12.0),)
    assert meter.gaps_of("lb2") == ()


def test_a_wait_for_the_first_reading_that_is_none_is_not_said() -> None:
    meter = ImpactMeter()
    meter.add(("lb1", "app"), 0.0)
    meter.see(reading(5), 0.4)
    meter.add(("lb1", "app"), 90.0, members=4, floor=3)
    meter.see(reading(6), 90.5)
    assert meter.gaps == ()
    assert (meter.backends[0].counters.requests, meter.backends[0].members) == (1, 4)


def test_the_lowest_capacity_is_that_of_any_reading() -> None:
    seen = impact_of(*(reading(1, serving=n) for n in (4, 2, 3)), members=4)
    assert (seen.lowest, seen.serving, seen.members, seen.floor) == (2, 3, 4, 1)


def test_a_server_that_a_reload_adds_is_a_member() -> None:
    assert impact_of(reading(1, serving=4), reading(1, B, serving=5), members=4).members == 5
    assert impact_of(reading(1, serving=4)).members == 0  # they were not counted


def test_the_queue_between_two_readings_is_known_by_haproxys_own_maximum() -> None:
    assert impact_of(reading(1, queue_max=9), reading(2, queue_max=9)).queue_peak == 0
    assert impact_of(reading(1, queue_max=9), reading(2, queue_max=12)).queue_peak == 12
    assert impact_of(reading(1, queued=3, queue_max=9), reading(2, queue_max=9)).queue_peak == 3


def test_the_maximum_of_a_new_process_and_of_one_that_was_cleared_is_the_runs() -> None:
    after = reading(1, B, age=0, handled=1, queue_max=5)
    assert impact_of(reading(1, queue_max=9), after).queue_peak == 5
    assert impact_of(reading(1, queue_max=9), reading(2, queue_max=4)).queue_peak == 4


def test_the_maximum_of_another_machine_is_not_the_runs() -> None:
    assert impact_of(reading(1, queue_max=9), reading(1, B, age=99, queue_max=70)).queue_peak == 0


def test_servers_are_counted_from_a_reload_on() -> None:
    meter = meter_of(
        reading(10, servers={WEB1: counters(10)}),
        reading(3, B, age=0, handled=90),
        reading(30, B, age=1, servers={WEB1: counters(30)}),
    )
    assert meter.servers == {WEB1: counters(30)}


def test_a_server_that_is_added_while_the_run_goes_on_counts_from_its_first_reading() -> None:
    meter = meter_of(reading(10), reading(14, servers={WEB1: counters(4)}))
    assert meter.servers == {WEB1: counters(0)}


def test_a_server_that_was_deleted_and_added_again_counts_from_zero() -> None:
    meter = meter_of(
        reading(10, servers={WEB1: counters(10)}), reading(14, servers={WEB1: counters(2)})
    )
    assert meter.servers == {WEB1: counters(2)}
    assert meter.gaps == ()


def test_what_visitors_may_have_seen_fail_counts_each_request_once() -> None:
    """A 502 of HAProxy's raises three counters on 3.0: 5xx by one, response errors by two."""
    assert counters(9, responses_5xx=1, response_errors=2, connect_errors=1).failed == 1
    assert counters(9, response_errors=1, server_aborts=1).failed == 1
    assert counters(9, client_aborts=4, retries=3, redispatches=2).failed == 0


def whole(*, gaps: tuple[ImpactGap, ...] = (), **servers: int) -> Impact:
    backend = BackendImpact(
        balancer="lb1", backend="app", counters=counters(9, responses_5xx=4), queue_peak=3
    )
    return Impact(
        backends=(backend,),
        servers={name: counters(responses_5xx=count) for name, count in servers.items()},
        gaps=gaps,
    )


def test_the_5xx_of_the_app_are_told_from_haproxys_own_where_that_is_known() -> None:
    assert whole(web1=1, web2=2).app_5xx == 3
    assert whole(web1=9).app_5xx == 4  # a reading is made of one backend after the other
    assert whole().app_5xx is None
    assert (
        whole(web1=1, gaps=(ImpactGap(balancer="lb1", reason="late", seconds=9),)).app_5xx is None
    )
    assert whole().queue_peak == 3
    assert Impact().queue_peak == 0


def reloaded(times: int, readings_of_each: int = 2) -> ImpactMeter:
    """Read a load balancer that is reloaded again and again, 10 requests between two readings."""
    meter = ImpactMeter()
    meter.add(("lb1", "app"), 0.0)
    at = 0.0
    for number in range(times + 1):
        process = HaproxyProcess(pid=100 + number, started=1_000 + number)
        for n in range(readings_of_each):
            own = reading(10 * n, process, age=n if number else 9_999, servers={WEB1: counters(n)})
            meter.see(own, at)
            at += 1.0
    return meter


def test_however_often_haproxy_is_reloaded_what_is_told_of_it_does_not_grow() -> None:
    """Every ten seconds in a run of two hours, and each reading repeats it."""
    meter = reloaded(720)
    assert meter.gaps == (ImpactGap(balancer="lb1", reason="reload", seconds=720.0, times=720),)
    assert meter.gaps_of("lb1") == meter.gaps
    assert meter.backends[0].counters.requests == 721 * 10


def kept_of(meter: ImpactMeter) -> int:
    seen, found, waiting = set[int](), 0, list[object]([meter])
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        found += isinstance(one, TrafficCounters)
        waiting += gc.get_referents(one) if not isinstance(one, type) else []
    return found


def test_of_the_processes_of_haproxy_a_few_are_kept() -> None:
    assert kept_of(reloaded(400)) == kept_of(reloaded(20))


def test_a_process_that_was_forgotten_and_answers_again_is_not_counted_twice() -> None:
    """Many share the port of the admin socket, each started in the run."""
    meter = ImpactMeter()
    meter.add(("lb1", "app"), 0.0)
    meter.see(reading(5_000), 0.0)
    many = [HaproxyProcess(pid=200 + n, started=2_000 + n) for n in range(30)]
    for turn in range(3):
        for n, process in enumerate(many):
            at = 1.0 + 30 * turn + n
            meter.see(reading(10, process, age=at - n, handled=99), at)
    assert meter.backends[0].counters.requests <= 30 * 10


class Truth:
    """HAProxy as it is: what every process serves, and what visitors really met in the run."""

    def __init__(self) -> None:
        self.process = A
        self.counted = 5_000
        self.since_start = 5_000
        self.met = 0
        self.now = 0.0
        self.born = -9_999.0

    def serve(self, requests: int) -> None:
        self.counted += requests
        self.since_start += requests
        self.met += requests

    def reload(self, carried: int) -> None:
        self.process = HaproxyProcess(self.process.pid + 1, self.process.started + 1)
        self.counted, self.since_start, self.born = carried, 0, self.now

    def clear(self) -> None:
        self.counted = 0

    def read(self) -> TrafficReading:
        age = float(int(self.now - self.born))
        return reading(self.counted, self.process, age=age, handled=self.since_start)


ACTS = some.lists(
    some.one_of(
        some.tuples(some.just("serve"), some.integers(0, 9)),
        some.tuples(some.just("read"), some.just(0)),
        some.tuples(some.just("reload"), some.sampled_from([0, 0, 7_000])),
        some.tuples(some.just("clear"), some.just(0)),
    ),
    max_size=30,
)


@settings(deadline=None)  # a busy machine is no failure
@given(ACTS)
def test_whatever_happens_the_sum_is_a_lower_bound_and_exact_without_a_gap(
    acts: list[tuple[str, int]],
) -> None:
    truth, meter = Truth(), ImpactMeter()
    meter.add(("lb1", "app"), 0.0)
    meter.see(truth.read(), 0.0)
    disturbed = False
    for act, number in [*acts, ("read", 0)]:
        truth.now += 0.5
        match act:
            case "serve":
                truth.serve(number)
            case "reload":
                truth.reload(number)
            case "clear":
                truth.clear()
            case _:
                meter.see(truth.read(), truth.now)
        disturbed |= act in {"reload", "clear"}
    (one,) = meter.backends
    assert 0 <= one.counters.requests <= truth.met
    if not disturbed:
        assert one.counters.requests == truth.met
        assert meter.gaps == ()
    if any(act == "reload" for act, _ in acts):
        assert meter.gaps
