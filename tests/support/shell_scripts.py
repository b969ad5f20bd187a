"""All scripts that rollout sends to hosts, found where the modules keep them."""

import importlib
from pathlib import Path

from rollout.adapters.ssh.shell_files import Script

HOME = Path(__file__).parents[2]
ADAPTERS = HOME / "rollout" / "adapters"
SHELL_FILES = sorted(ADAPTERS.rglob("*.sh"))


def scripts() -> dict[str, Script]:
    """Return each script by the module and the name under which it is kept there."""
    found: dict[str, Script] = {}
    for file in sorted(ADAPTERS.rglob("*.py")):
        name = ".".join(file.relative_to(HOME).with_suffix("").parts).removesuffix(".__init__")
        for word, value in vars(importlib.import_module(name)).items():
            if isinstance(value, Script) and value not in found.values():
                found[f"{name}.{word}"] = value
    return found
