"""Of all that git, tar and rsync print, the one line that tells an operator what is wrong."""

from rollout.text.redact import redact

USELESS = (
    "Please make sure you have the correct access rights",
    "and the repository exists.",
    "fatal: Could not read from remote repository.",
    "fatal: the remote end hung up unexpectedly",
    "tar: Exiting with failure status",
    "tar: Error is not recoverable",
    "tar: Child returned status",
    "rsync error:",
    "rsync: connection unexpectedly closed",
    "To add an exception for this directory",
    "git config --global --add safe.directory",
    "hint:",
    "warning:",
    "Terminated",
    "Killed",
)
"""Lines that begin so say that something went wrong, which is known."""


def telling_line(errors: str, otherwise: str, *, not_of: str = "-") -> str:
    """Return the last line that says why; the last of all, or ``otherwise``, when none does.

    What begins with ``not_of`` is only a consequence.
    """
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    good = [line for line in lines if not line.startswith((*USELESS, not_of))]
    good += [line for line in lines if "No space left on device" in line]  # the cause of others
    chosen = (good or lines or [otherwise])[-1]
    return redact(chosen.removeprefix("fatal: ").removeprefix("error: "))[:300]
