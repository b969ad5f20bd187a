"""What both Python and the scripts know is the same on both sides."""

import subprocess
from pathlib import Path

import pytest

from rollout.adapters.releases import build, layout, link_shared, preflight
from rollout.adapters.releases import list as listing
from rollout.adapters.releases.shell_functions import FUNCTIONS
from rollout.adapters.sources import repository_login, scripts
from rollout.adapters.ssh import socket_diagnosis
from rollout.adapters.ssh.scripts import LAST_LINES
from rollout.adapters.ssh.shell_files import Script

LOOK_BYTES = len(layout.MARKS) + 20 + 4 * listing.LONGEST_REVISION
"""The longest path and its NUL, then a REVISION in characters of four bytes."""


def test_the_places_are_those_of_the_layout() -> None:
    shown = 'printf \'%s\\n\' "$notes" "$marks" "$logs" "$incoming" "$trash"'
    words = ["sh", "-c", FUNCTIONS.text + shown, "sh", "/srv/app"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    places = (layout.NOTES, layout.MARKS, layout.LOGS, layout.INCOMING, layout.TRASH)
    assert done.stdout.split() == [f"/srv/app/{place}" for place in places]


@pytest.mark.parametrize(
    ("script", "text"),
    [
        (layout.STILL_WANTED, f'"$1/{layout.NOTES}/$2"'),
        (build.BUILD, f'timeout -k {build.GRACE} "$within"'),
        (build.BUILD, f'tail -c {build.TAIL_BYTES} "$log" | tail -n {LAST_LINES}\n'),
        (build.BUILD, f"unset {layout.BELONGS_TO} {layout.PLACE}\n"),
        (build.BUILD, f'"{layout.BELONGS_TO}=$2"'),
        (build.BUILD, f'"{layout.PLACE}=$1"'),
        (link_shared.LINK, f"exit {link_shared.MISSING}; }}\n"),
        (listing.LOOK, f"printf '%s' {listing.AGAIN};"),
        (listing.LOOK, f"releases/$digits/REVISION {layout.MARKS}/$digits"),
        (listing.LOOK, f"cut -b -{LOOK_BYTES}\n"),
        (preflight.EXAMINE, f"for each in releases shared {' '.join(preflight.OURS)}; do"),
        (preflight.EXAMINE, f"for tool in {preflight.TOOLS}; do"),
        (scripts.ARTIFACT, f"here=$to/{layout.INCOMING}\n"),
        (scripts.LOGIN, f"IFS= read -r {repository_login.SERVER}; "),
        (scripts.LOGIN, f"IFS= read -r {repository_login.USERNAME}; "),
        (scripts.LOGIN, f"IFS= read -r {repository_login.PASSWORD}\n"),
        (scripts.MIRROR, f"server=${{{repository_login.SERVER}-}}\n"),
        (scripts.MIRROR, f'"${repository_login.USERNAME}" "${repository_login.PASSWORD}"'),
    ],
)
def test_a_number_or_a_name_is_the_same_in_the_script(script: Script, text: str) -> None:
    assert text in script.text


@pytest.mark.parametrize(
    "code",
    [
        *("NOT_FETCHED", "NO_MIRROR", "NOT_ARCHIVED", "NOT_UNPACKED", "NOT_RECEIVED"),
        *("OTHER_SUM", "NOT_ALLOWED", "TOO_LARGE", "LATE"),
    ],
)
def test_each_exit_code_that_python_knows_stands_in_a_script(code: str) -> None:
    every = scripts.DELIVER.text + scripts.ARTIFACT.text
    assert f"exit {getattr(scripts, code)}" in every


@pytest.mark.parametrize("code", sorted(socket_diagnosis.REASONS))
def test_each_exit_code_has_its_reason(code: int) -> None:
    assert f"exit {code}" in socket_diagnosis.QUESTION.text


def test_the_files_stand_beside_their_modules() -> None:
    assert {file.parent for file in build.BUILD.files} == {Path(build.__file__).parent}
