"""What git itself would never call a branch, a tag or a commit."""

import re

FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]")


def ref_error(ref: str) -> str:
    """Say why ``ref`` can be none; nothing when it can.

    Quotes, semicolons, ``$`` and the like are legal in a name.  Source: git-check-ref-format(1),
    which asks for more (one slash) only of full names.
    """
    parts = ref.split("/")
    forbidden = FORBIDDEN.search(ref)
    checks = {
        "it is empty": not ref,
        "it begins with a dash": ref.startswith("-"),
        f"{forbidden[0] if forbidden else ''!r} is not allowed": forbidden is not None,
        "'..' is not allowed": ".." in ref,
        "'@{' is not allowed": "@{" in ref,
        "'@' alone means HEAD": ref in {"@", "HEAD"},
        "an empty part between slashes": not all(parts),
        "a part begins with a dot": any(part.startswith(".") for part in parts),
        "a part ends with .lock": any(part.endswith(".lock") for part in parts),
        "it ends with a dot": ref.endswith("."),
        "it is not UTF-8": any("\ud800" <= char <= "\udfff" for char in ref),
    }
    return next((why for why, wrong in checks.items() if wrong), "")
