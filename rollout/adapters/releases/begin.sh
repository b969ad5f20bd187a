# Writes the note of a deploy, before it makes or moves anything.
release=$1/releases/$2
try "cannot make a place for releases in $1" mkdir -p "$1/releases"
try "cannot make a place for releases in $1" \
  make_closed "$notes" "$marks" "$logs" "$incoming" "$trash"
chmod o= "$1/.rollout" 2>/dev/null  # an earlier version made it; it may be another login's
if [ ! -e "$notes/$2" ]; then
  if [ "$3" = yes ]; then
    if [ -e "$release" ] || [ -L "$release" ]; then no "release $2 is there already"; fi
  else
    real "$release" || no "release $2 is not there"
  fi
  link=no
  try "cannot write in $notes" rm -f "$notes/$2.current" "$notes/$2.switched" "$notes/$2.back"
  if [ -L "$1/current" ]; then
    link=yes
    try "cannot note what current is" cp -P "$1/current" "$notes/$2.current"
  elif [ -e "$1/current" ]; then
    no "$1/current is not a symlink"
  fi
  {
    printf 'fresh %s\nlink %s\nrevision %s\n' "$3" "$link" "$4"
    date -u +'since %Y-%m-%dT%H:%M:%SZ'
  } | put "$notes/$2" || { rm -f "$notes/.$2.part" "$notes/$2.current"; exit 1; }
fi
try "cannot write in $notes" rm -f "$notes/$2.back"  # begun again: what moves it now may
if grep -q '^fresh yes$' "$notes/$2"; then
  try "cannot make $release" mkdir -p "$release"
fi
