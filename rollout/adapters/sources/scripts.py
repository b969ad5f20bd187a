"""The shell of the sources, for POSIX ``sh``; every value is a positional parameter.

Each script ends with one of the exits below, so that what went wrong is known without reading
anybody's words.
"""

from pathlib import Path

from rollout.adapters.releases.layout import STILL_WANTED
from rollout.adapters.ssh.shell_files import Script

NOT_FETCHED, NO_MIRROR, NOT_ARCHIVED, NOT_UNPACKED = 66, 67, 68, 69
NOT_RECEIVED, OTHER_SUM, NOT_ALLOWED, TOO_LARGE, LATE = 71, 72, 73, 74, 124

REVISE = Script(Path(__file__).with_name("revise.sh"))

LOGIN = Script(Path(__file__).with_name("login.sh"))
"""Comes before a git script on a host; the lines are those of
:attr:`rollout.adapters.sources.repository_login.Login.lines`.
"""

MIRROR = Script(Path(__file__).with_name("mirror.sh"))

MEANINGS = Script(MIRROR, Path(__file__).with_name("meanings.sh"))

RESOLVE = Script(MEANINGS, Path(__file__).with_name("resolve.sh"))
"""to, address, seconds, ref, ref as a commit or empty"""

PREVIEW = Script(MEANINGS, Path(__file__).with_name("preview.sh"))
"""to, address, seconds, ref, ref as a commit or empty, revision; see :mod:`.commits_between`"""

COMMITS = Script(MEANINGS, Path(__file__).with_name("commits.sh"))
"""to, revision before, revision"""

CONTENTS = Script(MIRROR, Path(__file__).with_name("contents.sh"))
"""to, commit: what ``git archive`` leaves out or changes of it; see :mod:`.contents`."""

EXPORT = Script(MIRROR, Path(__file__).with_name("export.sh"))
"""to, commit, directory"""

DELIVER = Script(STILL_WANTED, MIRROR, REVISE, Path(__file__).with_name("deliver.sh"))
"""to, name, commit, address, seconds, most bytes"""

RSYNC = Script(STILL_WANTED, REVISE, Path(__file__).with_name("rsync.sh"))
"""to, name, revision, rsync and its arguments"""

UNPACK_STREAM = Script(STILL_WANTED, REVISE, Path(__file__).with_name("unpack_stream.sh"))
"""to, name, revision; stdin is the tar.gz"""

ARTIFACT = Script(STILL_WANTED, REVISE, Path(__file__).with_name("artifact.sh"))
"""to, name, revision, sha256, leading parts to leave out, most bytes, seconds

The seconds are empty where stdin is the artifact; else stdin is what curl is told.
"""

ARTIFACT_HEAD = Script(Path(__file__).with_name("artifact_head.sh"))
"""seconds, most bytes; stdin is what curl is told"""

CHECKSUM_FILE = 'timeout -k 5 "$1" curl -gfsSL --max-filesize 65536 --config -\n'
"""seconds; stdin is what curl is told"""
