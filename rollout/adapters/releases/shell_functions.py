"""What our scripts have in common: places, and how they say no.

POSIX ``sh`` with GNU's coreutils and grep.  In every script ``$1`` is ``deploy.to``, and in one
about a release ``$2`` is its name; it was held against :data:`rollout.model.releases.NAME` before.
"""

from pathlib import Path

from rollout.adapters.ssh.shell_files import Script

FUNCTIONS = Script(Path(__file__).with_name("shell_functions.sh"))

COMMON = Script(FUNCTIONS, Path(__file__).with_name("c_locale.sh"))
"""With it a name is bytes and a digit one of ten, in whatever language the host speaks."""
