"""The first sentence of the account: what the fleet looks like now."""

from collections.abc import Sequence

from rollout.ledger import Exit, Ledger, Standing
from rollout.render.spans import in_words
from rollout.render.told import Ending

OUT_STATES = frozenset({"maint", "drain"})


def consequence(ending: Ending) -> str:
    """Say what the fleet looks like now, and what became of the run, in that spirit.

    "None missing" is said only when nobody is out in the account.
    """
    ledger = ending.ledger
    match ending.exit_code:
        case Exit.DONE:
            return _done(ending)
        case Exit.BUG:
            return f"stopped by a bug of its own. {_restarted(ledger)}{missing(ledger)}."
        case Exit.USAGE:
            return "nothing was contacted."
        case Exit.REFUSED:
            return "refused, nothing was touched."
        case Exit.BUSY:
            return "busy, nothing was touched."
        case Exit.HALTED:
            return f"halted. {_restarted(ledger)}{missing(ledger)}."
        case Exit.REDUCED:
            return f"{_stopped(ending)}. {missing(ledger)}."
        case Exit.ROLLED_BACK:
            return f"rolled back, the old release is live. {missing(ledger)}."
        case Exit.INTERRUPTED | Exit.TERMINATED:
            by = ledger.stop or "a second signal"
            return f"interrupted by {by}. {_restarted(ledger)}{missing(ledger)}."


def _done(ending: Ending) -> str:
    ledger = ending.ledger
    skipped = ledger.named(Standing.SKIPPED)
    because = "; ".join(f"{name} ({ledger.lines[name].because})" for name in skipped)
    if len(skipped) == len(ledger.lines):
        return "nothing to do, nothing was touched." + (f" Skipped: {because}." if skipped else "")
    count = f"{len(ledger.named(Standing.DONE))} of {_servers(len(ledger.lines))}"
    done = f"done. {count} restarted in {in_words(ending.seconds)}"
    return f"{done}, none missing{' because of us' if skipped else ''}." + (
        f" Skipped: {because}." if skipped else ""
    )


def _stopped(ending: Ending) -> str:
    ledger = ending.ledger
    if ending.outside is Exit.BUG:
        return "stopped by a bug of its own"
    if ledger.interrupted:
        return f"interrupted by {ledger.stop}"
    where = ledger.named(Standing.LEFT_OUT)
    at = f" at {', '.join(where)}" if where else ""
    return f"{'finished, but not whole,' if ledger.finished else 'halted'}{at}"


def _restarted(ledger: Ledger) -> str:
    if not ledger.lines:
        return ""
    done = len(ledger.named(Standing.DONE))
    return f"{done} of {_servers(len(ledger.lines))} restarted, "


def missing(ledger: Ledger) -> str:
    """Say how many are out of rotation, and how many are not known to serve, with their names."""
    if not ledger.out:
        return "nobody is missing because of us"
    out = [name for name in ledger.out if ledger.lines[name].state in OUT_STATES]
    unknown = [name for name in ledger.out if name not in out]
    total = _servers(len(ledger.lines))
    said = [_count(out, total, "out of rotation"), _count(unknown, total, "not known to serve")]
    return " and ".join(part for part in said if part)


def _count(names: Sequence[str], total: str, what: str) -> str:
    if not names:
        return ""
    return f"{len(names)} of {total} {'is' if len(names) == 1 else 'are'} {what}"


def _servers(count: int) -> str:
    return "1 server" if count == 1 else f"{count} servers"
