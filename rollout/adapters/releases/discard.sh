# Removes a release that its deploy has made, unless a process runs in it.
to=$1 name=$2; shift 2
end_ours "$to" "$name"
if [ -e "$notes/$name.switched" ] && grep -q '^fresh yes$' "$notes/$name"; then
  if has "$(running "$(physical "$to/releases")" "" "$@")" "$name"; then
    no "release $name is not removed: a process runs in it"
  fi
fi
discard "$to" "$name"
[ $removed = no ] || try "cannot empty $trash" destroy "$trash/$name.$$"
