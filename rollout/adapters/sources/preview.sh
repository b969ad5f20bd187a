# Prints what resolve.sh prints, and the commits since a revision.
# The mirror stays as it is: what it lacks is fetched into a repository that goes at the end.
# to, address, seconds, ref, ref as a commit or empty, revision
work=$(mktemp -d) || exit 67
trap 'rm -rf -- "$work"' EXIT
trap 'exit 129' HUP; trap 'exit 130' INT; trap 'exit 143' TERM
kept=$(cd -- "$GIT_DIR" 2>/dev/null && pwd)/objects
GIT_DIR=$work/repo
git init -q --bare --template= -- "$GIT_DIR" >/dev/null || exit 67
if [ -d "$kept" ]; then
  mkdir -p -- "$GIT_DIR/objects/info" && printf '%s\n' "$kept" >"$GIT_DIR/objects/info/alternates"
fi
mirror "$2" "$3"
said=$(meanings "$4" "$5")
printf '%s\n' "$said"
printf '%s\n' "$said" | awk '$1 ~ /^(ref|branch|tag|remote|commit)$/ { print $2 }' | sort -u |
  while IFS= read -r each; do commits_between "$6" "$each"; done
exit 0
