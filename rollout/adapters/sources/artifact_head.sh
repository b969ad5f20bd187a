# Asks a server whether it has an artifact, and how large it is.
# The answer to HEAD has no body.  A server that answers only GET (a signed address, for example) is
# asked for one byte, and left when it sends more.
LC_ALL=C
export LC_ALL
seconds=$1
told=$(cat)
ask() {
  printf '%s\n' "$told" |
    timeout -k 5 $((seconds + 5)) curl -m "$seconds" -gfsSL --config - "$@"
}
if head=$(ask -I 2>/dev/null); then
  size=$(printf '%s\n' "$head" | tr -d '\r' | awk '
    /^HTTP\// { size = 0 }
    tolower($1) == "content-length:" { size = $2 }
    END { printf "%.0f", size }')
  [ "${#size}" -lt 18 ] && [ "$size" -le "$2" ] || exit 74
  exit 0
fi
[ "$(ask -r 0-0 | head -c 1 | wc -c)" -eq 1 ] || exit 71
