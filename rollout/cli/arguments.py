"""What was typed: the global options, and those of the command by their rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from rollout.cli.global_options import GlobalOptions
from rollout.cli.options import ACCEPT_SICK, EXCLUDE, HOSTS, PLAN, WHY
from rollout.model.errors import SettingsError
from rollout.settings.options import Option
from rollout.text.hostnames import select

if TYPE_CHECKING:
    from rollout.model.planned_run import PlannedRun
    from rollout.settings.flags import Flags
    from rollout.settings.load import Loaded
    from rollout.settings.model import Settings

LONGEST_REASON = 500
"""Characters of a reason: it stands in the lock, which is read whole at each look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """The command line of one command.

    Attributes:
        typed: The global options.
        values: For each option of the command what typer has read.
        planned: What the plan file has that was named; its options are among ``values``.
    """

    typed: GlobalOptions
    values: Mapping[Option, Any]
    planned: "PlannedRun | None" = None

    def is_on(self, switch: Option) -> bool:
        """Tell whether a switch was given; one that the command does not take was not."""
        return bool(self.values.get(switch))

    def text(self, option: Option) -> str | None:
        """Return the value of an option; None where it was not given."""
        return cast("str | None", self.values[option])

    @property
    def flags(self) -> "Flags":
        """The options that are settings, and ``--accept-sick``, which a resumed run keeps."""
        flags: dict[str, str | None] = {
            option.flag: value if option.metavar else "true" if value else None
            for option, value in self.values.items()
            if option.setting
        }
        return {**flags, ACCEPT_SICK.flag: "true"} if self.is_on(ACCEPT_SICK) else flags

    def settings(self, *, secrets: bool = False) -> "Loaded":
        """Load the settings with the options on top; see :meth:`GlobalOptions.settings`."""
        return self.typed.settings(self.flags, secrets=secrets)

    def reason(self, loaded: "Loaded", before: str = "") -> str:
        """Return why the command is run: as typed, or the reason of the run that it sees to.

        Raises:
            SettingsError: the settings require a reason and there is none, or it is no line.
        """
        reason = (self.values.get(WHY) or "").strip() or before
        if not reason.isprintable() or len(reason) > LONGEST_REASON:
            what = f"must be one line of at most {LONGEST_REASON} characters"
            raise SettingsError([f"{WHY.flag}: {what}"])
        only_planned = WHY not in self.values or self.is_on(PLAN)
        if loaded.settings.require_reason and not reason and not only_planned:
            where = loaded.origin(("require_reason",))
            typed = f"`rollout {self.typed.command} {WHY.flag} TEXT`"
            raise SettingsError([f"{WHY.flag}: {where} requires a reason: {typed}"])
        return reason

    def checked_settings(self, *, secrets: bool = False) -> "Loaded":
        """Load the settings, and find wrong hosts or no reason, before a command is imported.

        A mistake is told 150 ms sooner that way.
        """
        loaded = self.settings(secrets=secrets)
        self.selected_hosts(loaded.settings)
        self.reason(loaded)
        return loaded

    def selected_hosts(self, settings: "Settings") -> tuple[str, ...]:
        """Return the hosts of the fleet that ``--hosts`` and ``--exclude`` leave, in order.

        Raises:
            SettingsError: a name is no host of the fleet, or none is left.
        """
        only, without = self.values[HOSTS] or (), self.values[EXCLUDE] or ()
        return select(settings.fleet.names, only=only, without=without)
