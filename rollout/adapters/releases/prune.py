"""Removes old releases, and looks on the host again before each is gone."""

from pathlib import Path

from rollout.adapters.releases.processes import RUNNING
from rollout.adapters.releases.shell_functions import COMMON
from rollout.adapters.ssh.shell_files import Script

PRUNE = Script(COMMON, RUNNING, Path(__file__).with_name("prune.sh"))
"""``$1`` is ``deploy.to``, ``$2`` the names, the rest how a link in ``/proc`` is read."""
