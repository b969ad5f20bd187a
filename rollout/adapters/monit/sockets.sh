# Prints `@listen PORT INODE` for each listening socket of some ports, and which process holds it.
# Listening sockets come first in the kernel's tables, so the reading ends after them.
set --
closely=
for table in /proc/net/tcp /proc/net/tcp6; do
  listening=$(sed -n -e 1d -e '/^ *[0-9]*: [^ ]* [^ ]* 0A /!q' -e "$ports" "$table" 2>/dev/null)
  [ -z "$listening" ] || printf '%s\n' "$listening"
  for word in $listening; do
    case $old in '*' | *" $word "*) closely=yes ;; esac
    held="s/.* -> socket:\[\($word\)\]\$/@holds \1/p"
    case $word in @*) ;; *) set -- "$@" -e "$held" ;; esac
  done
done
# For each process whose descriptors this login may read, `@fds PID` is followed by `@fd` or by
# `@holds INODE`.  ls names its directories where it gets two, hence our own.
# shellcheck disable=SC2012,SC2046,SC2086 # one path for each pid; ls shows where links lead
[ -z "$closely" ] || ls -ln $(printf '/proc/%s/fd ' $$ $pids) 2>/dev/null | sed -n "$@" \
  -e 's,^/proc/\([0-9]*\)/fd:$,@fds \1,p' -e 's/.* 0 -> .*/@fd/p'
