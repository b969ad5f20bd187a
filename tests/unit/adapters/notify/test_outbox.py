"""A run waits for what it tells others only at its end, and not longer than that may take."""

import threading
import time

from rollout.adapters.notify.outbox import Act, Outbox


class Heard(list[tuple[str, str]]):
    def __call__(self, where: str, what: str) -> None:
        self.append((where, what))


def noting(done: list[int], number: int) -> Act:
    def act() -> str:
        done.append(number)
        return ""

    return act


def test_what_is_sent_is_done_in_turn_and_what_went_wrong_is_told() -> None:
    heard, done = Heard(), list[int]()
    outbox = Outbox("notify", heard)
    for number in range(3):
        outbox.send(noting(done, number), 1.0)
    outbox.send(lambda: "no answer", 1.0)
    outbox.send(lambda: str(1 // 0), 1.0)
    outbox.finish()
    assert done == [0, 1, 2]
    assert heard[0] == ("notify", "no answer")
    assert heard[1][1].startswith("ZeroDivisionError")


def test_a_warning_that_cannot_be_told_holds_up_no_end() -> None:
    def broken(where: str, what: str) -> None:
        raise RuntimeError(where, what)

    outbox = Outbox("notify", broken)
    outbox.send(lambda: "no answer", 60.0)
    began = time.monotonic()
    outbox.finish(5.0)
    assert time.monotonic() - began < 2.0


def test_of_what_each_replaces_the_one_before_only_the_latest_waits() -> None:
    done, begun, go = list[int](), threading.Event(), threading.Event()

    def slow() -> str:
        begun.set()
        return "" if go.wait(10.0) else "never"

    outbox = Outbox("metrics", Heard())
    outbox.send_latest(slow, 1.0)
    assert begun.wait(10.0)
    for number in range(1000):
        outbox.send_latest(noting(done, number), 1.0)
    go.set()
    outbox.finish()
    assert done == [999]


def test_what_hangs_is_given_up_and_told() -> None:
    heard, never = Heard(), threading.Event()
    outbox = Outbox("notify", heard)
    began = time.monotonic()
    outbox.send(lambda: str(never.wait()), 0.2)
    outbox.finish()
    never.set()
    assert time.monotonic() - began < 3.0
    assert heard == [("notify", "not done when the run had ended, and given up")]


def test_in_a_hurry_it_is_given_up_sooner() -> None:
    heard, never = Heard(), threading.Event()
    outbox = Outbox("notify", heard)
    outbox.send(lambda: str(never.wait()), 60.0)
    began = time.monotonic()
    outbox.finish(0.1)
    never.set()
    assert time.monotonic() - began < 2.0


def test_a_disk_that_hangs_holds_the_end_up_for_as_long_as_one_write_may_take() -> None:
    never = threading.Event()
    outbox = Outbox("metrics", Heard(), 0.2)
    for _ in range(100):
        outbox.send(lambda: str(never.wait()), 2.0)
    began = time.monotonic()
    outbox.finish()
    never.set()
    assert time.monotonic() - began < 2.0
