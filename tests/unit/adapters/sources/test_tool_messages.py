"""The one line that tells, out of what git, tar and rsync really print."""

import pytest

from rollout.adapters.sources.required_tools import findings, lacking
from rollout.adapters.sources.tool_messages import telling_line

GIT_SSH = """\
git@git.example.com: Permission denied (publickey).
fatal: Could not read from remote repository.

Please make sure you have the correct access rights
and the repository exists.
"""
DUBIOUS = """\
fatal: detected dubious ownership in repository at '/srv/git/app.git'
To add an exception for this directory, call:

\tgit config --global --add safe.directory /srv/git/app.git
fatal: Could not read from remote repository.
"""
TAR = "tar: app: Cannot open: No space left on device\ntar: Exiting with failure status due to x\n"
RSYNC = """\
rsync: [receiver] write failed on "x/app": No space left on device (28)
rsync error: error in file IO (code 11) at receiver.c(378) [receiver=3.2.7]
"""


@pytest.mark.parametrize(
    ("printed", "told"),
    [
        (GIT_SSH, "git@git.example.com: Permission denied (publickey)."),
        (TAR, "tar: app: Cannot open: No space left on device"),
        (RSYNC, 'rsync: [receiver] write failed on "x/app": No space left on device (28)'),
        (
            "fatal: repository 'https://me:secret@x/y' not found",
            "repository 'https://x/y' not found",
        ),
        (
            "fatal: Could not read from remote repository.\n",
            "Could not read from remote repository.",
        ),
        (" \n", "exit 3"),
        (DUBIOUS, "detected dubious ownership in repository at '/srv/git/app.git'"),
    ],
)
def test_the_line_that_says_why_is_found(printed: str, told: str) -> None:
    assert telling_line(printed, "exit 3") == told


def test_a_consequence_is_not_the_cause() -> None:
    printed = "fatal: bad object\ntar: This does not look like a tar archive\n"
    assert telling_line(printed, "", not_of="tar:") == "bad object"


def test_a_missing_or_old_tool_is_named_with_its_package() -> None:
    wrong = lacking("git git version 2.11.0\nmissing flock\nrsync rsync  version 3.2.7\n")
    assert set(wrong) == {"git", "flock"}
    first, second = findings("web1", wrong, ("git", "flock", "tar"))
    assert (first.what, first.fix) == ("git 2.11 is older than 2.20", "apt install git")
    assert (second.what, second.fix) == ("flock is not installed", "apt install util-linux")
    assert lacking("git git version 2.39.5 (Apple Git-154)\n") == {}
