# Prints the current directory of each of some processes.
physical "$1/releases"
pids=$2; shift 2
blind=
# Each on its own: of several one that has gone would be left out without a word, and those after
# it taken for those before.
for pid in $pids; do
  printf '\0%s\0' "$pid"
  "$@" "/proc/$pid/cwd" 2>/dev/null || blind=yes
done
# Gone, or is it we who cannot see?  Our own directory would tell.
[ -z "$blind" ] || try "cannot see where a process works: $*" "$@" "/proc/$$/cwd"
