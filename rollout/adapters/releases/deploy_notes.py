"""The note of a deploy on a host: what was, written before anything is made or moved.

``.rollout/notes/NAME`` says whether the directory is the deploy's own, and ``NAME.current``
beside it is a copy of the symlink itself, so that whatever its text is, it comes back as it was.
``NAME.switched`` is there if ``current`` may ever have led to it, so that it may be run in, and
``NAME.back`` once it was restored: a switch that comes late finds it.
What stands beside a note is there only as long as the note is; without it, it says nothing.
"""

from pathlib import Path

from rollout.adapters.releases.processes import ENDING, RUNNING
from rollout.adapters.releases.shell_functions import COMMON
from rollout.adapters.ssh.shell_files import Script

BEGIN = Script(COMMON, Path(__file__).with_name("begin.sh"))
"""``$3`` is yes for a release that is to be made, ``$4`` its revision."""

DISCARDING = Script(Path(__file__).with_name("discarding.sh"))

DISCARD = Script(COMMON, ENDING, RUNNING, DISCARDING, Path(__file__).with_name("discard.sh"))
"""``$3`` and on: how a link in ``/proc`` is read."""

SETTLE = Script(COMMON, DISCARDING, Path(__file__).with_name("settle.sh"))
"""``$3`` is the mark, or empty."""

REVISION = Script(COMMON, Path(__file__).with_name("revision.sh"))
