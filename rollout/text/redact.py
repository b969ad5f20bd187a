"""Removes passwords and tokens from the addresses in a text.

A message may quote git, curl or the command line, so it may hold an address with a secret in it.
"""

import re

MASK = "***"
"""Stands for each value of a query."""

ADDRESS = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<rest>[^\s\x00]+)", re.IGNORECASE)
QUERY = re.compile(r"[?#].*", re.DOTALL)
HOST = re.compile(
    r"[^:@\[\]]*:?"  # without a port
    r"|(?:localhost|[^:@\[\]]*\.[^:@\[\]]*|\[[0-9a-f:.%]*\])(?::[0-9]{1,5})?",
    re.IGNORECASE,
)
"""An authority that surely is a host.  ``ci:12`` may be the beginning of ``ci:12/34@host``."""

CLOSING = "'\"`)>],.;:"
"""Characters of the sentence around an address, where they end it."""


def redact(text: str) -> str:
    """Return ``text`` without the logins and the values of queries in its addresses.

    By http a token may be all that stands before the ``@``; by ssh that is the user, which stays.
    Of an address whose login cannot be told from its path, because the password holds a ``/``, a
    ``?`` or a ``#``, only the scheme stays.
    """
    return ADDRESS.sub(_without_secrets, text) if "://" in text else text


def _without_secrets(found: re.Match[str]) -> str:
    scheme, rest = found["scheme"], found["rest"]
    words = rest.rstrip(CLOSING)
    authority = re.split(r"[/?#]", words, maxsplit=1)[0]
    login, at, host = authority.rpartition("@")
    path = QUERY.sub("", words[len(authority) :])
    later = "@" in words[len(authority) :]
    if (later and not at and not HOST.fullmatch(host)) or (at and re.search("[^/]@", path)):
        return f"{scheme}://{MASK}{rest[len(words) :]}"
    user = login.partition(":")[0] if "ssh" in scheme.lower() and at else ""
    place = QUERY.sub(_masked_query, f"{host}{words[len(authority) :]}")
    return f"{scheme}://{f'{user}@' if user else ''}{place}{rest[len(words) :]}"


def _masked_query(found: re.Match[str]) -> str:
    mark, words = found[0][0], found[0][1:]
    return mark + re.sub(r"([^=&?#]*=)?[^&?#]+", _masked_value, words)


def _masked_value(found: re.Match[str]) -> str:
    return f"{found[1] or ''}{MASK}"
