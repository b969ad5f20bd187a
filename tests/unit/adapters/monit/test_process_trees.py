"""From what ``/proc`` showed before and after a restart to which process can still answer."""

from rollout.adapters.monit.proc_parser import Processes, read_processes
from rollout.adapters.monit.process_trees import KEPT, InstanceProcesses
from rollout.model.fleet import ProcessIdentity


def stat(pid: int, parent: int, ticks: int, state: str = "S") -> str:
    return f"{pid} (ruby) {state} {parent}" + " 1" * 17 + f" {ticks} 19 20"


HOST = ["@boot b007", stat(1, 0, 1)]
BEFORE = [*HOST, stat(10, 1, 100), stat(11, 10, 101), stat(12, 11, 102)]
OWN_SOCKET = ["@listen 8000 900", "@fds 10", "@fd", "@fds 11", "@fd", "@holds 900"]


def tree(lines: list[str], pid: int, port: int = 8000) -> tuple[InstanceProcesses, Processes]:
    seen = read_processes(lines)
    return InstanceProcesses.of(pid, port, seen), seen


def after(
    lines: list[str], *, before: list[str] | None = None
) -> tuple[InstanceProcesses, InstanceProcesses, Processes]:
    old, _ = tree(before or [*BEFORE, *OWN_SOCKET], 10)
    now, seen = tree([*HOST, stat(20, 1, 200), stat(21, 20, 201), *lines], 20)
    return old, now, seen


def test_a_tree_is_the_process_and_all_below_it() -> None:
    found, _ = tree([*BEFORE, stat(13, 1, 103), *OWN_SOCKET], 10)
    assert dict(found.started) == {10: 100, 11: 101, 12: 102}
    assert found.sockets == found.held == {900}


def test_a_child_that_got_another_parent_is_a_survivor_and_a_reused_pid_is_none() -> None:
    old, now, seen = after([stat(11, 1, 101), stat(12, 1, 999), stat(10, 1, 100, "Z")])
    assert [one.pid for one in old.survivors(now, seen)] == [11]


def test_where_all_sockets_of_the_port_are_new_no_survivor_listens() -> None:
    old, now, seen = after([stat(11, 1, 101), "@listen 8000 901"])
    assert [one.listens for one in old.survivors(now, seen)] == [False]
    assert not old.lost_its_port(now, seen)


def test_an_old_socket_is_held_by_the_survivor_or_that_cannot_be_seen() -> None:
    lines = [stat(11, 1, 101), "@listen 8000 900"]
    old, now, seen = after([*lines, "@fds 11", "@fd", "@holds 900"])
    assert [one.listens for one in old.survivors(now, seen)] == [True]
    old, now, seen = after([*lines, "@fds 11", "@fd"])
    assert [one.listens for one in old.survivors(now, seen)] == [False]
    old, now, seen = after(lines)
    assert [one.listens for one in old.survivors(now, seen)] == [None]


def test_where_no_socket_of_the_port_is_seen_nothing_is_known() -> None:
    old, now, seen = after([stat(11, 1, 101)])
    assert [one.listens for one in old.survivors(now, seen)] == [None]


def test_a_socket_that_the_new_process_was_given_is_its_own() -> None:
    """As with a socket of systemd's, or a master that replaces itself."""
    old, now, seen = after(["@listen 8000 900", "@fds 21", "@fd", "@holds 900"])
    assert not old.lost_its_port(now, seen)


def test_a_socket_that_the_new_process_was_not_given_is_lost() -> None:
    old, now, seen = after(["@listen 8000 900", "@fds 20", "@fd", "@fds 21", "@fd"])
    assert old.lost_its_port(now, seen)


def test_where_descriptors_cannot_be_read_no_port_is_called_lost() -> None:
    old, now, seen = after(["@listen 8000 900"])
    assert not old.lost_its_port(now, seen)


def test_a_proxy_in_front_is_no_loss() -> None:
    """It has the port before and after, and the app never had it."""
    before = [*BEFORE, "@listen 8000 900", "@fds 10", "@fd", "@fds 11", "@fd"]
    lines = ["@listen 8000 900", "@fds 20", "@fd", "@fds 21", "@fd"]
    old, now, seen = after(lines, before=before)
    assert not old.lost_its_port(now, seen)


def test_after_a_reboot_nothing_of_it_is_true_any_more() -> None:
    old, _ = tree([*BEFORE, *OWN_SOCKET], 10)
    booted = ["@boot b008", stat(1, 0, 1), stat(11, 1, 101), stat(20, 1, 200)]
    now, seen = tree([*booted, "@listen 8000 900", "@fds 20", "@fd"], 20)
    assert old.survivors(now, seen) == ()
    assert not old.lost_its_port(now, seen)
    assert now.after(old) == now


def test_a_process_carries_its_tree_into_the_record_and_back() -> None:
    found, _ = tree([*BEFORE, *OWN_SOCKET], 10)
    assert InstanceProcesses.read(ProcessIdentity(10, 100, "b007", found.written())) == found
    assert InstanceProcesses.read(ProcessIdentity(10, 100, "b007")) is None
    many = [stat(100 + n, 10, 200) for n in range(2 * KEPT)]
    large, _ = tree([*BEFORE, *many], 10)
    assert len(large.written().started) == KEPT


def test_what_lived_on_from_one_restart_is_remembered_over_the_next() -> None:
    old, now, _ = after([stat(11, 1, 101)])
    assert now.after(old).started.items() >= {11: 101, 20: 200, 21: 201}.items()
    assert now.after(None) == now
