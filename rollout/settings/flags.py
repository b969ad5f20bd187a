"""Which flag stands for which setting."""

from collections.abc import Mapping
from typing import Any

from rollout.model.errors import SettingsError
from rollout.settings.source import SettingsSource, set_path
from rollout.settings.toml_lines import KeyPath

FLAGS: Mapping[str, tuple[str, str]] = {
    "--max-out": ("fleet", "max_out"),
    "--floor": ("fleet", "floor"),
    "--canary": ("fleet", "canary"),
    "--soak": ("fleet", "soak"),
    "--by": ("fleet", "by"),
    "--max-failures": ("fleet", "max_failures"),
    "--deadline": ("fleet", "deadline"),
    "--instances-at-a-time": ("monit", "instances_at_a_time"),
    "--drain-timeout": ("restart", "drain_timeout"),
    "--maint-timeout": ("restart", "maint_timeout"),
    "--on-busy": ("restart", "on_busy"),
    "--startup-delay": ("restart", "startup_delay"),
    "--running-timeout": ("restart", "running_timeout"),
    "--stable": ("restart", "stable"),
    "--wait-lock": ("lock", "wait"),
    "--ref": ("deploy", "ref"),
    "--artifact": ("deploy", "artifact"),
    "--sha256": ("deploy", "sha256"),
    "--switch": ("deploy", "switch"),
    "--on-failure": ("deploy", "on_failure"),
    "--keep": ("deploy", "keep"),
}

ACCEPT_SICK = "--accept-sick"
"""No setting, being of one outage; a journal has it among the flags, and so has a resume."""


def read_flags(said: Mapping[str, str | None]) -> SettingsSource:
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
