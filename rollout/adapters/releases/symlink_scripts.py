"""Moves ``current``: a new link beside it, renamed over it, and read back."""

from rollout.adapters.releases.layout import STILL_WANTED
from rollout.adapters.releases.processes import ENDING
from rollout.adapters.releases.shell_functions import COMMON

MOVING = r"""
move() {  # TO LINK: rename LINK over current; a visitor finds one or the other, never none
  if [ -e "$1/current" ] && [ ! -L "$1/current" ]; then
    rm -f "$2"
    no "$1/current is not a symlink"
  fi
  wanted=$(readlink "$2")
  try "cannot move current" mv -T "$2" "$1/current"
  found=$(readlink "$1/current")
  [ "$found" = "$wanted" ] || no "current is $found after it was made $wanted"
}
"""

SWITCH = (
    COMMON
    + STILL_WANTED
    + MOVING
    + r"""
release=$1/releases/$2
real "$release" || no "release $2 is not there"
if [ "$(readlink "$1/current")" != "$release" ]; then
  try "cannot note that current is moved" touch "$notes/$2.switched"
  rm -f "$1/.rollout/$2.$$.new"
  try "cannot make a symlink in $1/.rollout" ln -s "$release" "$1/.rollout/$2.$$.new"
  # A switch whose connection had stalled may come after its undo.
  [ ! -e "$notes/$2.back" ] || no "release $2 was undone meanwhile"
  move "$1" "$1/.rollout/$2.$$.new"
fi
leads_to "$1" "$2" || no "current does not lead to $2 after it was moved"
"""
)

RESTORING = r"""
restore() {  # TO NAME: current as the note of NAME has it
  if [ ! -e "$notes/$2" ]; then
    leads_to "$1" "$2" || return 0
    no "current leads to $2, and no note says what it was before"
  fi
  if [ -L "$notes/$2.current" ]; then
    [ ! -L "$1/current" ] ||
      [ "$(readlink "$1/current")" != "$(readlink "$notes/$2.current")" ] || return 0
    rm -f "$1/.rollout/$2.$$.new"
    # A second name for the copy needs no room on a full disk; another symlink would.
    ln -P "$notes/$2.current" "$1/.rollout/$2.$$.new" 2>/dev/null ||
      try "cannot make a symlink in $1/.rollout" \
        cp -P "$notes/$2.current" "$1/.rollout/$2.$$.new"
    move "$1" "$1/.rollout/$2.$$.new"
  elif grep -q '^link no$' "$notes/$2"; then
    [ -L "$1/current" ] || return 0
    try "cannot remove current" rm -f "$1/current"
    [ ! -L "$1/current" ] || no "current is still there after it was removed"
  elif leads_to "$1" "$2"; then
    no "current leads to $2, and its note does not say what it was before"
  fi
}
"""

RESTORE = (
    COMMON
    + ENDING
    + MOVING
    + RESTORING
    + r"""
[ ! -e "$notes/$2" ] || : >"$notes/$2.back" 2>/dev/null || :
end_ours "$1" "$2"
restore "$1" "$2"
"""
)
