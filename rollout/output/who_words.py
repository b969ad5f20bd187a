"""Who began a run, in words: the same in its summary, in the history and in the report."""

from rollout.events import RunBegan


def who_words(began: RunBegan) -> str:
    """Name the login and the machine, and what is known of the person behind them."""
    by = [f"by {began.sudo_user}"] if began.sudo_user else []
    by += [f"from {began.client}"] if began.client else []
    behind = f" ({', '.join(by)})" if by else ""
    return f"{began.user}@{began.bastion}{behind}"


def person_words(began: RunBegan) -> str:
    """Name the person and the machine, for a column: the login behind sudo where it is known."""
    return f"{began.sudo_user or began.user}@{began.bastion}"
