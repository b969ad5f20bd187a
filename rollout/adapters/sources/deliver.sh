# Unpacks a commit from the mirror into a release.
# to, name, commit, address, seconds, most bytes
there() { git cat-file -e "$1^{commit}" 2>/dev/null; }
if ! there "$3"; then
  alone "$5"
  there "$3" || mirror "$4" "$5"
  there "$3" || { echo "the repository does not have $3 any more" >&2; exit 66; }
fi
size=$(git ls-tree -r -l "$3" | awk '{ size += $4 } END { printf "%.0f", size }')
[ "$size" -le "$6" ] || { echo "$size bytes" >&2; exit 74; }
unpack "$3" "$to/releases/$2"
revise "$to/releases/$2" "$3"
