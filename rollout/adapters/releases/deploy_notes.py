"""The note of a deploy on a host: what was, written before anything is made or moved.

``.rollout/notes/NAME`` says whether the directory is the deploy's own, and ``NAME.current``
beside it is a copy of the symlink itself, so that whatever its text is, it comes back as it was.
``NAME.switched`` is there if ``current`` may ever have led to it, so that it may be run in, and
``NAME.back`` once it was restored: a switch that comes late finds it.
What stands beside a note is there only as long as the note is; without it, it says nothing.
"""

from rollout.adapters.releases.processes import ENDING, RUNNING
from rollout.adapters.releases.shell_functions import COMMON

BEGIN = (
    COMMON
    + r"""
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
try "cannot write in $notes" rm -f "$notes/$2.back"  # begun again: whoever moves it now may
if grep -q '^fresh yes$' "$notes/$2"; then
  try "cannot make $release" mkdir -p "$release"
fi
"""
)
"""``$3`` is yes for a release that is to be made, ``$4`` its revision."""

DISCARDING = r"""
discard() {  # TO NAME, of which nobody works any more; sets removed to yes if it was there
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
"""

DISCARD = (
    COMMON
    + ENDING
    + RUNNING
    + DISCARDING
    + r"""
to=$1 name=$2; shift 2
end_ours "$to" "$name"
if [ -e "$notes/$name.switched" ] && grep -q '^fresh yes$' "$notes/$name"; then
  if has "$(running "$(physical "$to/releases")" "" "$@")" "$name"; then
    no "release $name is not removed: a process runs in it"
  fi
fi
discard "$to" "$name"
[ $removed = no ] || try "cannot empty $trash" destroy "$trash/$name.$$"
"""
)
"""``$3`` and on: how a link in ``/proc`` is read."""

SETTLE = (
    COMMON
    + DISCARDING
    + r"""
try "cannot make $marks" make_closed "$marks"
if [ -n "$3" ]; then
  printf '%s\n' "$3" | put "$marks/$2" || exit 1
else
  try "cannot remove the mark of $2" rm -f "$marks/$2"
fi
forget "$2"
"""
)
"""``$3`` is the mark, or empty."""

REVISION = (
    COMMON
    + r"""
file=$1/releases/$2/REVISION
[ -f "$file" ] || no "release $2 has no REVISION"
try "cannot read $file" head -c 1000 "$file"
printf '%s\n' "$said"
"""
)
