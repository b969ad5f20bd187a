"""Puts links to what the releases share into a release, absolute ones as Capistrano's are."""

from pathlib import Path

from rollout.adapters.releases.layout import STILL_WANTED
from rollout.adapters.releases.shell_functions import COMMON
from rollout.adapters.ssh.shell_files import Script

MISSING = 77
"""Exit code: a shared file is not there."""

LINK = Script(COMMON, STILL_WANTED, Path(__file__).with_name("link_shared.sh"))
"""``$3`` says how many of the paths that follow are directories; the others are files."""
