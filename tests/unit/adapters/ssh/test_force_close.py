import threading

from rollout.adapters.ssh.bounded_output import Bounded
from rollout.adapters.ssh.errors import Closed
from rollout.adapters.ssh.force_close import ForceClose
from rollout.adapters.ssh.watchdog import Watchdog


def test_a_cut_lets_go_newest_first_and_once() -> None:
    let_go: list[str] = []
    line = ForceClose(Watchdog())
    line.hold(lambda: let_go.append("socket"))
    line.hold(lambda: let_go.append("transport"))
    line.cut(Closed("web1", "first"))
    line.cut(Closed("web1", "second"))
    assert let_go == ["transport", "socket"]
    assert line.why is not None
    assert line.why.what == "first"


def test_what_is_held_after_the_cut_is_let_go_at_once() -> None:
    let_go: list[str] = []
    line = ForceClose(Watchdog())
    line.cut()
    line.hold(lambda: let_go.append("late"))
    assert let_go == ["late"]


def test_the_watchdog_acts_at_the_earliest_deadline_first() -> None:
    rung: list[str] = []
    both = threading.Event()

    def ring(name: str) -> None:
        rung.append(name)
        if len(rung) == 2:
            both.set()

    dog = Watchdog()
    with dog.limit(0.5, lambda: ring("later")), dog.limit(0.01, lambda: ring("sooner")):
        assert both.wait(10)
    assert rung == ["sooner", "later"]


def test_the_watchdog_leaves_alone_what_ended_in_time() -> None:
    rung: list[str] = []
    done = threading.Event()
    dog = Watchdog()
    with dog.limit(0.01, lambda: rung.append("too late")):
        pass
    with dog.limit(0.02, done.set):
        assert done.wait(10)
    assert rung == []


def test_output_within_the_limit_is_whole() -> None:
    kept = Bounded(10)
    for piece in (b"01", b"234567", b"89"):
        kept.add(piece)
    assert (kept.text(), kept.left_out) == ("0123456789", 0)


def test_output_beyond_the_limit_lacks_its_middle_and_says_so() -> None:
    kept = Bounded(10)
    for number in range(1000):
        kept.add(str(number).encode())
    assert kept.text() == f"01234\n[... {kept.left_out} bytes left out ...]\n98999"
    assert kept.left_out == 2890 - 10
