"""Keys and values as TOML writes them: whatever a text contains, it stays one value."""

import json
import re
from typing import Any


def toml_key(key: str) -> str:
    """Write one key, quoted where it is not made of letters, digits, ``_`` and ``-`` alone."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else toml_value(key)


def toml_value(value: Any) -> str:  # noqa: ANN401 - what TOML can hold; JSON writes these alike
    """Write a value of text, numbers, truth values, lists and empty tables.

    Nothing in it can end the value: quotes, backslashes and control characters are escaped.
    """
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
