# Defines how a release and the note of its deploy are removed.
discard() {  # TO NAME, on which no process works any more; sets removed to yes if it was there
  removed=no
  [ -e "$notes/$2" ] || return 0
  # A note that a broken disk has emptied makes no directory ours.
  if grep -q '^fresh yes$' "$notes/$2"; then
    if leads_to "$1" "$2"; then no "release $2 is current and is not removed"; fi
    if [ -e "$1/releases/$2" ]; then
      mkdir -p "$trash"
      try "cannot remove release $2" mv -T "$1/releases/$2" "$trash/$2.$$"
      removed=yes
    fi
  fi
  forget "$2"
}

forget() {  # NAME: its deploy has ended; the note goes first
  try "cannot remove the note of $1" \
    rm -f "$notes/$1" "$notes/$1.current" "$notes/$1.switched" "$notes/$1.back" "$notes/.$1.part"
}
