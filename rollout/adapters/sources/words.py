"""Of all that git, tar and rsync print, the one line that tells an operator what is wrong."""

import re

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
    "hint:",
    "warning:",
    "Terminated",
    "Killed",
)
"""Lines that begin so say that something went wrong, which is known."""

LOGIN = re.compile(r"(?P<scheme>[a-z+]+)://(?P<user>[^/@:\s]*)(?P<word>:[^/\s]*)?@")


def harmless_url(text: str) -> str:
    """Leave out passwords and tokens of every address in ``text``.

    By http a token may be all that stands before the ``@``; by ssh that is the user.
    """
    return LOGIN.sub(_login, text)


def _login(found: re.Match[str]) -> str:
    user = f"{found['user']}@" if "ssh" in found["scheme"] else ""
    return f"{found['scheme']}://{user}"


def telling_line(errors: str, otherwise: str, *, not_of: str = "-") -> str:
    """Return the last line that says why; the last of all, or ``otherwise``, when none does.

    What begins with ``not_of`` is only a consequence.
    """
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    good = [line for line in lines if not line.startswith((*USELESS, not_of))]
    good += [line for line in lines if "No space left on device" in line]  # the cause of others
    chosen = (good or lines or [otherwise])[-1]
    return harmless_url(chosen.removeprefix("fatal: ").removeprefix("error: "))[:300]
