"""Asks a host all at once what would keep a deploy from working; changes nothing there."""

import re

from rollout.adapters.releases.layout import INCOMING, LOGS, MARKS, NOTES, TRASH
from rollout.adapters.releases.options import ReleaseOptions
from rollout.adapters.releases.preflight_findings import finding_of
from rollout.adapters.releases.shared_paths import unshared
from rollout.adapters.releases.shell_functions import COMMON
from rollout.model.fleet import Finding

OURS = (".rollout", NOTES, MARKS, LOGS, INCOMING, TRASH)
"""Directories of rollout's own, below ``deploy.to``."""

TOOLS = "awk chmod cp cut date df find grep head ln mkdir mv readlink rm sort sync tail tar timeout"

RIGHTS = rf"""
found() {{ printf '%s\0%s\0%s\0' "$1" "$2" "$3"; }}

may_write() {{  # DIRECTORY, which exists
  if [ ! -d "$1" ]; then
    found notdir "$1" ""
  elif [ ! -w "$1" ] || [ ! -x "$1" ] || [ ! -r "$1" ]; then
    # Giving it the time that it has changes nothing, and tells why nothing can be changed.
    why=$(touch -c -r "$1" "$1" 2>&1)
    found unwritable "$1" "${{why##*: }}"
  fi
}}

examine_places() {{
  above=$to
  while [ ! -e "$above" ] && [ ! -L "$above" ] && [ -n "$above" ]; do above=${{above%/*}}; done
  above=${{above:-/}}
  may_write "$above"
  [ "$above" = "$to" ] || return 0
  for each in releases shared {" ".join(OURS)}; do
    if [ -e "$to/$each" ] || [ -L "$to/$each" ]; then may_write "$to/$each"; fi
  done
}}

examine_current() {{
  if real "$to/current"; then
    found current-directory "$(date -u -r "$to/current" +%Y%m%d%H%M%S)" ""
  elif [ -e "$to/current" ] && [ ! -d "$to/current" ]; then
    found current-file "" ""
  elif [ -L "$to/current" ] && [ ! -e "$to/current" ]; then
    newest=
    for each in "$to/releases"/$digits; do if real "$each"; then newest=${{each##*/}}; fi; done
    found current-dangling "$(readlink "$to/current")" "$newest"
  fi
}}
"""

ROOM = r"""
sizes() {  # DIRECTORY...: "KILOBYTES FILES", or nothing when it takes too long
  { timeout "$size_within" find "$@" -xdev -printf '%k\n' 2>/dev/null; echo "ended $?"; } | awk '
    $1 == "ended" { if ($2 < 124) print kilobytes + 0, files + 0; exit }
    { kilobytes += $1; files++ }'
}

examine_room() {
  live=$(physical "$to/current")
  size=${live:+$(sizes "$live")}
  # What a dead deploy has left is removed before the next begins: it counts as room.
  set -- "$trash" "$incoming"
  for each in "$notes"/$digits; do
    if grep -qs '^fresh yes$' "$each" && ! leads_to "$to" "${each##*/}"; then
      set -- "$@" "$to/releases/${each##*/}"
    fi
  done
  left=$(sizes "$@")
  free=$(df -Pk "$above" 2>/dev/null | awk 'NR == 2 { print $4 }')
  nodes=$(df -Pi "$above" 2>/dev/null | awk 'NR == 2 && $2 > 0 { print $4 }')
  found room "$free ${nodes:--}" "${size:-- -} ${left:-0 0}"
}
"""

SHARING = r"""
examine_sharing() {  # of a release that none of ours made: what does it share, and where from?
  live=$(physical "$to/current")
  [ -n "$live" ] && [ ! -e "$marks/${live##*/}" ] || return 0
  found base "$(physical "$to/shared")" "$live"
  timeout "$size_within" find "$live" -maxdepth 5 -type l -lname '*shared/*' \
    \( -xtype d -printf 'links-directory\0%P\0%l\0' -o -xtype f -printf 'links-file\0%P\0%l\0' \) \
    2>/dev/null | head -c 100000
}
"""

EXAMINE = (
    COMMON
    + RIGHTS
    + ROOM
    + SHARING
    + rf"""
to=$1 size_within=$2 directories=$3; shift 3
for tool in {TOOLS}; do command -v $tool >/dev/null || found tool "$tool" ""; done
mv --help 2>&1 | grep -q -e '-T' || found tool "mv -T" ""
examine_places
examine_current
while [ "$directories" -gt 0 ]; do
  place=$to/shared/$1
  if [ ! -d "$place" ] && {{ [ -e "$place" ] || [ -L "$place" ]; }}; then
    found shared-not-directory "$1" ""
  fi
  if [ -L "$place" ] || [ -n "$(ls -A "$place" 2>/dev/null)" ]; then found shared-filled "$1" ""; fi
  shift; directories=$((directories - 1))
done
files=$1; shift
while [ "$files" -gt 0 ]; do
  place=$to/shared/$1
  if [ -d "$place" ]; then
    found shared-not-file "$1" ""
  elif [ ! -e "$place" ]; then
    found shared-missing "$1" ""
  elif [ ! -r "$place" ]; then
    found shared-unreadable "$1" ""
  fi
  shift; files=$((files - 1))
done
if ! said=$("$@" "/proc/$$/cwd" 2>&1); then found blind "$*" "$said"; fi
if [ -d "$above" ]; then examine_room; fi
examine_sharing
found user "$(id -un 2>/dev/null || id -u)" ""
"""
)
"""``$1`` is ``deploy.to``, ``$2`` seconds for measuring, then the shared directories and files,

each after how many they are, and at last how a link in ``/proc`` is read.
"""


PLACES = ("", "/releases", "/shared", *(f"/{name}" for name in OURS))
"""Below ``deploy.to``; of these, and of the directories above it, a host may say something."""

RELEASE = re.compile(r"[0-9]{14}|")
USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\$?|[0-9]+")


def parse_examine(host: str, text: str, options: ReleaseOptions) -> tuple[Finding, ...]:
    """Judge what ``EXAMINE`` printed, in the order in which it was found.

    A name that stands in a command to type is one that the script can have printed.  The login of
    a host may be another person's by now, and root types some of these commands.
    """
    words = text.split("\0")
    facts = list(zip(words[::3], words[1::3], words[2::3], strict=False))
    user = next((one for code, one, _ in facts if code == "user"), "")
    user = user if USER.fullmatch(user) else "the login"
    said = [
        finding_of(code, one, two, options.to, user)
        if _possible(code, one, two, options.to)
        else (f"it says {code} of {one!r}, which is none of ours", f"look at {host} yourself")
        for code, one, two in facts
    ]
    said += unshared(facts, options)
    return tuple(Finding(host, what, fix) for what, fix in said if what)


def _possible(code: str, one: str, two: str, to: str) -> bool:
    match code:
        case "tool":
            return one in {*TOOLS.split(), "mv -T"}
        case "notdir" | "unwritable":
            above = {to[:at] or "/" for at, char in enumerate(to) if char == "/"}
            return one in {*(f"{to}{place}" for place in PLACES), *above}
        case "current-directory":
            return bool(RELEASE.fullmatch(one))
        case "current-dangling":
            return bool(RELEASE.fullmatch(two))
        case _:
            return True
