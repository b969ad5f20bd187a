# Removes old releases, and looks again before each is gone.
to=$1 wanted=$2; shift 2
[ "$*" = readlink ] || try "cannot see which processes run in a release: $*" "$@" "/proc/$$/cwd"
try "cannot make $trash" make_closed "$trash"
releases=$(physical "$to/releases") bin=$(physical "$trash")
busy=$(running "$releases" "" "$@")

noted() {  # NAME: would an unfinished deploy go back to it?
  [ ! -e "$notes/$1" ] || return 0
  for copy in "$notes"/$digits.current; do
    [ -L "$copy" ] || continue
    text=$(readlink "$copy")
    case $text in /*) ;; *) text=$to/$text;; esac
    [ "$(physical "$text")" != "$releases/$1" ] || return 0
  done
  return 1
}

# First moved away, then looked once more: a process that has just entered a release by its old
# name is then seen in the trash, and its release moved back.
moved=
for name in $wanted; do
  [ -e "$releases/$name" ] || { echo "$name"; rm -f "$marks/$name" "$logs/$name".*.log; }
  real "$releases/$name" || continue
  if leads_to "$to" "$name" || has "$busy" "$name" || noted "$name"; then continue; fi
  try "cannot remove release $name" mv -T "$releases/$name" "$bin/$name.$$"
  moved="$moved $name"
done
busy=$(running "$bin" "" "$@")
for name in $moved; do
  if leads_to "$to" "$name" || has "$busy" "$name.$$"; then
    try "cannot put release $name back" mv -T "$bin/$name.$$" "$releases/$name"
    continue
  fi
  echo "$name"
  rm -f "$marks/$name" "$logs/$name".*.log
done
for name in $moved; do
  [ ! -e "$bin/$name.$$" ] || try "cannot empty $trash" destroy "$bin/$name.$$"
done
for mark in "$marks"/$digits; do
  [ -e "$releases/${mark##*/}" ] || rm -f "$mark"
done
# The logs of ten releases that came to nothing are kept; theirs are the ones that are read.
# shellcheck disable=SC2231 # $digits is a pattern
for log in "$logs"/$digits.*.log; do
  name=${log##*/} name=${name%%.*}
  if [ -e "$log" ] && [ ! -e "$releases/$name" ]; then echo "$name"; fi
done | sort -ru | tail -n +11 | while read -r name; do
  rm -f "$logs/$name".*.log
done
exit 0
