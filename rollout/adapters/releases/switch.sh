# Makes current lead to a release.
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
