# Tells by its exit code why a login cannot use a socket, and prints the group and the mode.
path=$1; shift
for above do
  test ! -d "$above" || test -x "$above" || { stat -c '%G %a %n' "$above"; exit 85; }
done
test -e "$path" || exit 81
test -S "$path" || exit 82
test -w "$path" || { stat -c '%G %a' "$path"; exit 83; }
# HAProxy binds PATH.PID.tmp and renames it, and the kernel goes on showing the first name, so the
# listener is looked for by the beginning of its path.
test ! -r /proc/net/unix || grep -qF -- "$path" /proc/net/unix || exit 84
