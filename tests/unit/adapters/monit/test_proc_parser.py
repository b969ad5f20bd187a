"""What ``/proc`` says about a process, and what it keeps to itself."""

import pytest

from rollout.adapters.monit.proc_parser import read_processes
from rollout.model.fleet import ProcessIdentity

TAIL = " 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 {ticks} 19 20 21"


def stat(pid: int, name: str = "ruby", state: str = "S", ticks: int = 4200) -> str:
    """One line of ``/proc/PID/stat``: field 4 is ``0`` here, field 22 the start ticks."""
    return f"{pid} ({name}) {state} 0" + TAIL.format(ticks=ticks)


HOST = ["@boot b007", "@btime 1000", "@ticks 100", stat(1, "init")]


def test_a_birth_is_pid_start_and_boot() -> None:
    seen = read_processes([*HOST, stat(77)])
    process = seen.process(77)
    assert process == ProcessIdentity(77, 4200, "b007")
    assert seen.up_since(process) == 1042.0


@pytest.mark.parametrize("name", ["a b", "a) S 1 2", "((", "thin (0.0.0.0:8000)"])
def test_a_process_may_call_itself_what_it_likes(name: str) -> None:
    assert read_processes([*HOST, stat(77, name)]).process(77) == ProcessIdentity(77, 4200, "b007")


def test_a_zombie_is_nobody() -> None:
    assert read_processes([*HOST, stat(77, state="Z")]).process(77) is None


def test_who_is_not_in_proc_is_not_there() -> None:
    assert read_processes(HOST).process(77) is None


def test_where_proc_is_hidden_only_the_pid_tells() -> None:
    seen = read_processes(HOST[:3])
    assert seen.process(77) == ProcessIdentity(77, None, "b007")
    assert seen.up_since(seen.process(77)) is None


def test_a_host_without_proc_has_pids_and_nothing_else() -> None:
    assert read_processes(["@boot ", "@btime ", "@ticks "]).process(77) == ProcessIdentity(
        77, None, ""
    )


def test_no_pid_is_nobody() -> None:
    assert read_processes(HOST).process(None) is None


def test_a_talkative_login_shell_is_not_listened_to() -> None:
    seen = read_processes(["Welcome to web1", "77 bottles (of beer)", *HOST, stat(77)])
    assert seen.process(77) == ProcessIdentity(77, 4200, "b007")


def test_a_process_of_our_own_that_hidepid_showed_and_shows_no_more_has_gone() -> None:
    """A login sees its own processes all the same; "hidden" would look like a new birth."""
    hidden = HOST[:3]
    assert read_processes([*hidden, stat(77)]).process(77) == ProcessIdentity(77, 4200, "b007")
    assert read_processes(hidden).process(77, shown_before={77}) is None
