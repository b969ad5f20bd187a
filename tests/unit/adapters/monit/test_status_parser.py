"""Every output of monit that was captured, and what is to be read from it."""

from pathlib import Path

import pytest

from rollout.adapters.monit.status_parser import ServiceBlock, parse_status, parse_version, port_of
from rollout.model.errors import SupervisorError
from tests.support.monit_captures import SAID

CAPTURES = Path(__file__).parents[3] / "captures" / "monit"
# Whatever is captured is either expected to say something or expected to be refused.
NEVER_READ = sorted({p.name for p in CAPTURES.iterdir()} - set(SAID))


def captured(name: str) -> str:
    """Return one capture as monit printed it: old ones begin with a line about their source."""
    lines = (CAPTURES / name).read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(lines[1:] if lines[0].startswith("# source:") else lines)


def processes(name: str) -> dict[str, ServiceBlock]:
    return {b.name: b for b in parse_status(captured(name)) if b.kind == "Process"}


def phrase(block: ServiceBlock) -> str:
    status = block.status.lower()
    waiting = ", waiting" if block.monitoring == "Waiting" and status != "waiting" else ""
    if block.pending:
        return f"{block.pending} pending on {status}{waiting}"
    if status in {"ok", "running"}:
        return ("running" if block.pid else "running without a pid") + waiting
    return status + waiting


def said(blocks: dict[str, ServiceBlock]) -> dict[str, str]:
    phrases: dict[str, list[str]] = {}
    for name, block in blocks.items():
        phrases.setdefault(phrase(block), []).append(name)
    return {words: " ".join(names) for words, names in phrases.items()}


@pytest.mark.parametrize("capture", sorted(SAID))
def test_status_is_read_in_every_version(capture: str) -> None:
    assert said(processes(capture)) == SAID[capture]


@pytest.mark.parametrize("capture", sorted(SAID))
def test_who_is_not_monitored_is_not_watched_and_everybody_else_is(capture: str) -> None:
    for block in processes(capture).values():
        assert block.monitored != block.status.lower().startswith("not monitored")


@pytest.mark.parametrize("capture", NEVER_READ)
def test_a_summary_or_xml_is_never_taken_for_a_status(capture: str) -> None:
    text = captured(capture)
    with pytest.raises(SupervisorError) as caught:
        parse_status(text, "web1")
    first = text.splitlines()[0].strip()
    assert first[:60] in caught.value.what


def test_a_stop_that_timed_out_looks_like_success_with_the_old_pid() -> None:
    """False success 1: only the pid, compared with the one from before, tells."""
    noterm = processes("5.33-stop-timeout-old-pid-ok.status.txt")["noterm"]
    assert (noterm.status, noterm.pending, noterm.pid) == ("OK", "", 1424)


def test_an_unmonitored_process_shows_no_pid_to_compare_with() -> None:
    """False success 2: a "different pid" than none would be fooled; `monitored` must be asked."""
    block = processes("5.33-unmonitored.status.txt")["mongrel_8000"]
    assert (block.monitored, block.pid) == (False, None)


def test_a_dead_process_is_called_ok_until_the_next_cycle() -> None:
    """Monit's own word and pid; only `/proc` knows that nobody is there."""
    block = processes("5.33-stale-dead-process-shown-ok.status.txt")["mongrel_8000"]
    assert (block.status, block.monitored, block.pid) == ("OK", True, 20469)


def test_monit_5_18_hides_the_pending_mark_of_the_one_it_works_on() -> None:
    """Nothing pending, `Running`, the old pid: and yet its restart is under way."""
    before = processes("5.18-ok.status.txt")["mongrel_8000"]
    during = processes("5.18-restart-t2.status.txt")["mongrel_8000"]
    after = processes("5.18-restart-t5.status.txt")["mongrel_8000"]
    assert during == before
    assert after.status == "Initializing"


def test_other_kinds_are_read_with_their_kind() -> None:
    kinds = {b.name: b.kind for b in parse_status(captured("5.33-many-states.status.txt"))}
    assert (kinds["web1"], kinds["prog"], kinds["nofile"]) == ("Remote Host", "Program", "File")


def test_a_name_is_never_cut() -> None:
    names = processes("5.33-long-names.status.txt")
    assert "mongrel_production_customer_portal_application_8000" in names


def test_the_chatter_of_a_first_run_is_skipped() -> None:
    text = " New Monit id: 0af1\n Stored in '/var/lib/monit/id'\n" + captured("5.33-ok.status.txt")
    assert parse_status(text) == parse_status(captured("5.33-ok.status.txt"))


def test_what_a_program_prints_is_no_block_of_monits() -> None:
    """As 5.33 printed it for a `check program` that says it is a healthy process."""
    text = (
        "Program 'evil'\n  status                       OK\n  last output                  x\n"
        "                               Process 'app_1'\n"
        "                                 status                       Bad\n"
        "                                 pid 1\n"
        "  data collected               Sun, 22 Nov 2026 20:51:02\n"
    )
    (block,) = parse_status(text)
    assert (block.name, block.status, block.pid) == ("evil", "OK", None)


def test_a_name_said_twice_is_not_believed() -> None:
    block = "Process 'a'\n  status                       OK\n"
    with pytest.raises(SupervisorError, match="twice"):
        parse_status(block + block)


@pytest.mark.parametrize("pid", ["0", "-1"])
def test_a_pid_of_0_or_less_is_no_pid(pid: str) -> None:
    text = f"Process 'a'\n  status                            Running\n  pid     {pid}\n"
    assert parse_status(text)[0].pid is None


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("This is Monit version 5.33.0\nBuilt with ssl", (5, 33, 0)),
        ("This is Monit version 5.14\nCopyright", (5, 14, 0)),
        ("This is monit version 5.0.3\n", (5, 0, 3)),
    ],
)
def test_the_version_is_read(text: str, version: tuple[int, int, int]) -> None:
    assert parse_version(text) == version


def test_no_version_is_an_error_that_quotes() -> None:
    with pytest.raises(SupervisorError, match="Welcome to web1"):
        parse_version("\n  Welcome to web1\n")


@pytest.mark.parametrize(
    ("name", "port"),
    [
        ("mongrel_8000", 8000),
        ("mongrel-8001", 8001),
        ("mongrel_shop_65535", 65535),
        ("puma800", 800),
        ("puma_1", 0),
        ("mongrel_65536", 0),
        ("mongrel_080", 0),
        ("job_20261122193702", 0),
        ("8000_mongrel", 0),
        ("unicorn", 0),
    ],
)
def test_the_digits_that_end_a_name_are_its_port_when_they_can_be(name: str, port: int) -> None:
    assert port_of(name) == port
