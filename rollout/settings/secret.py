"""Values that may be secret: written as text, or kept in a file or in a variable.

The text of a reference is read only for a command that needs it; :func:`read_secrets` does that.
"""

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from typing import Any

from rollout.settings.toml_lines import KeyPath

LONGEST = 65_536
"""Bytes of a file that holds one secret."""

FORMS = '{ file = "/…" } or { env = "NAME" }'


@dataclass(frozen=True, slots=True)
class Secret:
    """One value.

    Attributes:
        text: The value itself; of a reference empty until it was read.
        file: The file that holds it.
        env: The environment variable that holds it.
    """

    text: str = field(default="", repr=False)
    file: str = ""
    env: str = ""

    def __bool__(self) -> bool:
        """Tell whether there is a value, read or not."""
        return bool(self.text or self.file or self.env)

    @property
    def reference(self) -> dict[str, str]:
        """Where the value is kept, as TOML writes it; empty where it stands in the settings."""
        written = {"file": self.file, "env": self.env}
        return {key: value for key, value in written.items() if value}


def as_secret(said: Any) -> Secret:  # noqa: ANN401 - whatever TOML can hold
    """Make a secret of what stands in the settings; a ValueError never repeats it."""
    match said:
        case Secret():
            return said
        case str():
            return Secret(said)
        case {"file": str(file), **more} if not more:
            if not file.startswith(("/", "~/")):
                raise ValueError(f"{file!r} must begin with / or ~/")
            return Secret(file=file)
        case {"env": str(env), **more} if not more and env:
            return Secret(env=env)
        case _:
            raise ValueError(f"must be text, in quotes, or {FORMS}")


def write_secret(secret: Secret) -> str | dict[str, str]:
    """Write it as it stands in the settings, its text included."""
    return secret.reference or secret.text


def read(secret: Secret, environ: Mapping[str, str]) -> Secret:
    """Return ``secret`` with its text.

    Raises:
        ValueError: the file or the variable is missing, empty or no text, or others may read it.
    """
    if secret.file:
        return replace(secret, text=_read_file(secret.file))
    if secret.env:
        text = environ.get(secret.env, "")
        if not text:
            raise ValueError(f"the environment variable {secret.env} is not set, or empty")
        if any("\udc80" <= character <= "\udcff" for character in text):
            raise ValueError(f"the environment variable {secret.env} is not UTF-8")
        return replace(secret, text=text)
    return secret


def _read_file(name: str) -> str:
    try:
        place = FilePath(name).expanduser()
        # Opened without waiting: it could be a FIFO.
        descriptor = os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:  # noqa: PTH123 - it is open already
            mode = os.fstat(descriptor).st_mode
            if not stat.S_ISREG(mode):
                raise ValueError(f"{place} is not a file")
            if mode & 0o007:
                raise ValueError(
                    f"{place} has the mode {stat.S_IMODE(mode):04o}, and holds a secret: "
                    f"chmod o= {place}"
                )
            content = file.read(LONGEST + 1)
    except OSError as error:
        raise ValueError(f"{name} cannot be read: {error.strerror}") from None
    except RuntimeError as error:  # ~ of a user that there is not
        raise ValueError(f"{name} cannot be read: {error}") from None
    if len(content) > LONGEST:
        raise ValueError(f"{place} is larger than {LONGEST} bytes")
    try:
        text = content.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise ValueError(f"{place} is not UTF-8 (at byte {error.start})") from None
    if not text:
        raise ValueError(f"{place} is empty")
    return text


def secrets_in(tree: Any, above: KeyPath = ()) -> Iterator[tuple[KeyPath, Secret]]:  # noqa: ANN401 - any part of the settings
    """Walk the secrets in a part of the settings, each with its path."""
    if isinstance(tree, Secret):
        yield above, tree
    elif isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from secrets_in(value, (*above, key))
    elif hasattr(type(tree), "model_fields"):
        for key in type(tree).model_fields:
            yield from secrets_in(getattr(tree, key), (*above, key))


def put(tree: Any, path: KeyPath, value: object) -> None:  # noqa: ANN401 - tables, or lists, in each other
    """Set what stands at ``path`` of ``tree``."""
    for key in path[:-1]:
        tree = tree[key]
    tree[path[-1]] = value
