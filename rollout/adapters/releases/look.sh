# Prints the link, the releases, their revisions and marks, and which of them processes run in.
to=$1; shift
if ! cd "$to" 2>/dev/null; then
  if [ -e "$to" ] || [ -L "$to" ]; then no "cannot enter $to"; fi
  printf '\0\0\0\0\0'
  exit
fi
if [ -L current ]; then readlink -n current; fi
printf '\0'
releases=$(physical "$to/releases")
current=$(physical "$to/current")
# shellcheck disable=SC2254 # $digits is a pattern
case $current in "$releases"/$digits) printf '%s' "${current##*/}";; esac
printf '\0'
for each in releases/$digits; do if real "$each"; then printf '%s ' "${each##*/}"; fi; done
printf '\0'
for each in "$notes"/$digits; do
  if grep -qs '^fresh no$' "$each"; then printf '%s' +; fi
  if [ -e "$each" ]; then printf '%s ' "${each##*/}"; fi
done
printf '\0'
if [ -n "$releases" ]; then running "$releases" "" "$@"; fi
printf '\0'
# One grep reads all REVISIONs and marks, skipping what would make it wait: with a fork for each,
# twenty releases would cost five times as much.  A line is cut after the longest path and four
# bytes for each character of the longest REVISION.
# shellcheck disable=SC2086 # $digits is a pattern
grep -a -s -Z -H -m 1 -D skip -d skip '' releases/$digits/REVISION .rollout/marks/$digits |
  cut -b -434
exit 0
