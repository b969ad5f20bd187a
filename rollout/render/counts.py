"""How many servers, and which are missing: the words that every account shares."""

from collections.abc import Sequence

from rollout.ledger import Exit, Ledger
from rollout.render.told import Ending
from rollout.standings import Standing

OUT_STATES = frozenset({"maint", "drain"})


def servers(count: int) -> str:
    """Count servers."""
    return "1 server" if count == 1 else f"{count} servers"


def missing(ledger: Ledger) -> str:
    """Say how many are out of rotation, and how many are not known to serve."""
    if not ledger.out:
        return "nobody is missing because of us"
    out = [name for name in ledger.out if ledger.lines[name].state in OUT_STATES]
    unknown = [name for name in ledger.out if name not in out]
    of_all = 0 if ledger.rolling else ledger.fleet  # a walk counts those that it is about
    total = servers(max(len(ledger.lines), of_all))
    said = [_count(out, total, "out of rotation"), _count(unknown, total, "not known to serve")]
    return " and ".join(part for part in said if part)


def earlier(ledger: Ledger) -> str:
    """Say how many of those who are done were so before, where a run was gone on with."""
    before = [x for x in ledger.lines.values() if x.standing is Standing.DONE and x.because]
    return f", {len(before)} of them by run {ledger.resumed}," if before else ""


def _count(names: Sequence[str], total: str, what: str) -> str:
    if not names:
        return ""
    return f"{len(names)} of {total} {'is' if len(names) == 1 else 'are'} {what}"


def skipped_words(ledger: Ledger, what: str = "Skipped") -> str:
    """Name who was skipped, and why, as a sentence to be added; empty when nobody was."""
    skipped = ledger.named(Standing.SKIPPED)
    because = "; ".join(f"{name} ({ledger.lines[name].because})" for name in skipped)
    return f" {what}: {because}." if skipped else ""


def stopped(ending: Ending) -> str:
    """Say what stopped the run, and at whom."""
    ledger = ending.ledger
    if Exit.BUG in {ending.outside, ending.exit_code}:
        return "stopped by a bug of its own"
    if ledger.interrupted:
        return f"interrupted by {ledger.stop}"
    where = ledger.named(Standing.LEFT_OUT)
    at = f" at {', '.join(where)}" if where else ""
    return f"{'finished, but not whole,' if ledger.finished else 'halted'}{at}"
