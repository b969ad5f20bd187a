"""The person behind a login, as far as the machine knows: for records that people read."""

import pwd
from collections.abc import Mapping
from pathlib import Path

NO_LOGIN = 4294967295
"""What the kernel says of a process that no login began: a service, cron without PAM."""


def sudo_user(environ: Mapping[str, str], user: str) -> str:
    """Name the login that became ``user`` by sudo or su; empty where there is none.

    sudo says it itself; of su the kernel's audit id (proc(5), ``loginuid``) is what is left.
    """
    said = environ.get("SUDO_USER") or _login()
    return "" if said == user else said


def client(environ: Mapping[str, str]) -> str:
    """Return the address from which the person came by ssh; sudo may have dropped it."""
    said = environ.get("SSH_CONNECTION") or environ.get("SSH_CLIENT") or ""
    return said.split(" ")[0]


def _login() -> str:
    try:
        number = int(Path("/proc/self/loginuid").read_text(encoding="ascii"))
        return "" if number == NO_LOGIN else pwd.getpwuid(number).pw_name
    except (OSError, ValueError, KeyError):
        return ""
