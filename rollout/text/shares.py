"""Numbers of things, or shares of them, as people write them: ``3`` or ``25%``."""

import re

from rollout.model.plan import Share

_WHOLE = 100


def parse_share(text: str) -> Share:
    """Read a count or a share.

    Raises:
        ValueError: it is neither, or more than 100%.
    """
    text = text.strip()
    found = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)%", text)
    if found:
        amount = float(found[1])
        if amount > _WHOLE:
            raise ValueError(f"{text} is more than {_WHOLE}%")
        return Share(amount, percent=True)
    if re.fullmatch(r"[0-9]{1,6}", text):
        return Share(int(text))
    raise ValueError(f'{text!r} is not a number or a percentage (use 2 or "25%")')
