"""Which flag stands for which setting."""

from collections.abc import Mapping
from typing import Any

from rollout.model.errors import SettingsError
from rollout.settings.options import SETTINGS, Setting
from rollout.settings.source import SettingsSource, set_path
from rollout.settings.toml_lines import KeyPath

FLAGS: Mapping[str, Setting] = {
    option.flag: option.setting for option in SETTINGS if option.setting is not None
}

Flags = Mapping[str, str | None]
"""By flag (``--max-out``) what was typed; None for one that was not."""

ACCEPT_SICK = "--accept-sick"
"""No setting, being of one outage; a journal has it among the flags, and so has a resume."""


def read_flags(said: Flags) -> SettingsSource:
    """Put the flags that were given where their settings are.

    Raises:
        SettingsError: there is no such flag: they are those of a journal that we did not write.
    """
    if unknown := [flag for flag in said if flag not in {*FLAGS, ACCEPT_SICK}]:
        raise SettingsError([f"{flag}: no such flag" for flag in unknown])
    tree: dict[str, Any] = {}
    where: dict[KeyPath, str] = {}
    for flag, value in said.items():
        if value is not None and flag != ACCEPT_SICK:
            where[FLAGS[flag]] = flag
            set_path(tree, FLAGS[flag], value)
    return SettingsSource(tree=tree, where=where)
