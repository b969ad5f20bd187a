"""Moves ``current``: a new link beside it, renamed over it, and read back."""

from pathlib import Path

from rollout.adapters.releases.layout import STILL_WANTED
from rollout.adapters.releases.processes import ENDING
from rollout.adapters.releases.shell_functions import COMMON
from rollout.adapters.ssh.shell_files import Script

MOVING = Script(Path(__file__).with_name("moving.sh"))

SWITCH = Script(COMMON, STILL_WANTED, MOVING, Path(__file__).with_name("switch.sh"))

RESTORING = Script(Path(__file__).with_name("restoring.sh"))

RESTORE = Script(COMMON, ENDING, MOVING, RESTORING, Path(__file__).with_name("restore.sh"))
