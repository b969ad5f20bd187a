# Ends a script that works on a release, if the release was undone meanwhile.
# A command whose connection was lost may begin late, after its deploy was undone.
[ -e "$1/.rollout/notes/$2" ] || { echo "release $2 was undone meanwhile" >&2; exit 75; }
