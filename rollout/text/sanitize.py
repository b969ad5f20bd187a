"""Words from other machines, made fit for a terminal, a log line and a JSON string.

A process name, an error text or a banner may hold escape codes, newlines that fake a log line,
bytes that were no UTF-8, or an address with a password in it.  Everything that a renderer prints
goes through here, from whatever machine it is.
"""

import re

from rollout.text.redact import redact

LONGEST = 2000
"""Characters of one text that are shown; commands on hosts can be made to print megabytes."""

_ESCAPES = re.compile(
    r"""(?: \x1b\[ | \x9b ) [0-?]* [ -/]* [@-~]             # CSI: colours, cursor, modes
      | (?: \x1b[\]PX^_] | [\x90\x98\x9d\x9e\x9f] )         # OSC, DCS, SOS, PM, APC ...
        [^\x07\x1b\x9c]* (?: \x07 | \x1b\\ | \x9c )         # ... up to where they end
      | \x1b [ -/]* [0-~]                                   # the two-letter ones
    """,
    re.VERBOSE,
)
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def sanitize(text: str, longest: int = LONGEST) -> str:
    """Return ``text`` as one line of printable characters, at most about ``longest`` of them.

    Escape sequences vanish, any white space becomes a blank, everything else that
    ``str.isprintable`` refuses (C0, C1, lone surrogates of broken UTF-8, bidirectional
    overrides, line separators) becomes U+FFFD.  What was cut off is counted.  Addresses lose
    their passwords and tokens.

    Source: ECMA-48, 5.4 and 5.6, for the shape of escape sequences.
    """
    text = redact(text)  # before the cut, which could leave a password and not the `@` after it
    cut = len(text) - longest
    if cut > 0:
        text = text[:longest]
    if not text.isprintable():
        text = redact("".join(map(_harmless, _ESCAPES.sub("", text))).strip())
    return f"{text} ({cut} more characters)" if cut > 0 else text


def _harmless(character: str) -> str:
    if character.isprintable():
        return character
    return " " if character.isspace() else REPLACEMENT
