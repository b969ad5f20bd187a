# Defines how current becomes again what the note of a deploy says.
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
