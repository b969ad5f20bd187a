# Takes back on a host what deploys that died have left there.
to=$1; shift
cd "$to" 2>/dev/null || {
  if [ -e "$to" ] || [ -L "$to" ]; then no "cannot enter $to"; fi
  exit 0
}
releases=$(physical "$to/releases")
lives() {  # NAME READLINK...
  name=$1; shift
  # shellcheck disable=SC2005,SC2046 # echo puts the pids on one line
  has "$(running "$releases" "$(echo $(ours "$to" "$name"))" "$@")" "$name"
}
done_with() {  # NAME: it was marked good, and the note alone was left
  grep -q '^fresh yes$' "$notes/$1" && grep -qsx good "$marks/$1" && leads_to "$to" "$1"
}
unseen() {  # NAME READLINK...: may a process run in it that we do not see?
  [ -e "$notes/$1.switched" ] && grep -q '^fresh yes$' "$notes/$1" || return 1
  shift
  [ "$*" = readlink ] && [ "$(id -u)" != 0 ] || return 1
  # A login that sees the instances of the release before would see those of this one.
  [ -z "$(running "$releases" "" "$@")" ]
}
for note in "$notes"/$digits; do
  [ -e "$note" ] || continue
  name=${note##*/}
  if done_with "$name" || lives "$name" "$@"; then
    if leads_to "$to" "$name"; then
      forget "$name"
      echo "live $name"
    else
      echo "busy $name"
    fi
    continue
  fi
  end_ours "$to" "$name"
  was=kept
  if leads_to "$to" "$name"; then restore "$to" "$name"; was=restored; fi
  if unseen "$name" "$@"; then
    echo bad | put "$marks/$name" || exit 1
    forget "$name"
    removed=unseen
  else
    discard "$to" "$name"
  fi
  echo "back $name $was $removed"
done
# What was on its way out, or in.  A deploy that died in a prune may have moved away a release
# that a process runs in; its directory is left wherever it is.
bin=$(physical "$trash")
if [ -n "$bin" ]; then
  for each in $(running "$bin" "" "$@"); do
    name=${each%%.*}
    [ -e "$to/releases/$name" ] || mv -T "$bin/$each" "$to/releases/$name"
  done
fi
for each in "$trash"/* "$trash"/.[!.]* "$incoming"/* "$incoming"/.[!.]*; do
  if [ -e "$each" ] || [ -L "$each" ]; then
    if has "$(running "$bin" "" "$@")" "${each##*/}"; then continue; fi
    destroy "$each" 2>/dev/null || echo "left ${each#"$to"/}"
  fi
done
# shellcheck disable=SC2086 # $digits is a pattern
rm -f "$to"/.rollout/$digits.*.new "$notes"/.*.part "$marks"/.*.part
# shellcheck disable=SC2231 # $digits is a pattern
for beside in "$notes"/$digits.*; do
  [ -e "${beside%.*}" ] || rm -f "$beside"
done
exit 0
