"""Who works on a release, and who runs in one: read from ``/proc`` on the host.

Working on it are the processes of a deploy, found by their environment, which every child
inherits and no ``setsid`` sheds; only those of our own user are.  Running in it are those whose
directory, program or root lies in it.  Of other users' processes we see neither, but with
``sudo -n readlink`` the latter.
"""

from rollout.adapters.releases.layout import BELONGS_TO, PLACE

ENDING = r"""
ours() {  # TO NAME: the pids of those that work on it, but for this shell and its own
  uid=$(id -u)
  for file in $(grep -lzxFs "@BELONGS_TO@=$2" /proc/[0-9]*/environ); do
    pid=${file#/proc/}; pid=${pid%/environ}
    # A shell of ours that asks has a copy of itself do so, which has the same environment.
    if [ "$pid" = $$ ] || grep -qxs "PPid:.$$" "/proc/$pid/status"; then continue; fi
    # Two apps may be deployed in the same second on one host, by one user; and on a bastion that
    # is also a host, a hook knows the name of the release but works on none.
    grep -qzxFs "@PLACE@=$1" "$file" || continue
    # Root reads the environments of all users, and each user can set these two variables.
    grep -qsE "^Uid:[[:space:]]+$uid[[:space:]]" "/proc/$pid/status" || continue
    echo "$pid"
  done
}

end_ours() {  # TO NAME: TERM, after 2 s KILL
  for sign in TERM KILL; do
    tries=20
    left=$(ours "$1" "$2")
    [ -z "$left" ] || kill -s $sign $left 2>/dev/null
    while [ -n "$left" ] && [ $tries -gt 0 ]; do
      sleep 0.1
      left=$(ours "$1" "$2")
      [ -z "$left" ] || [ $sign = TERM ] || kill -s $sign $left 2>/dev/null
      tries=$((tries - 1))
    done
    [ -n "$left" ] || return 0
  done
  no "cannot end what works on release $2: process $(echo $left)"
}
""".replace("@BELONGS_TO@", BELONGS_TO).replace("@PLACE@", PLACE)
"""``end_ours TO NAME``; the shell that calls it may itself work on the release."""

RUNNING = r"""
running() {  # DIRECTORY PIDS READLINK...: who is run in, but by PIDS, in "DIRECTORY/NAME"
  inside=$1 skip=" $2 "; shift 2
  all=
  for at in /proc/[0-9]*; do
    case $skip in *" ${at#/proc/} "*) continue;; esac
    all="$all $at/cwd $at/exe $at/root"
  done
  {
    readlink $all
    [ "$*" = readlink ] || "$@" $all
  } 2>/dev/null | inside=$inside/ awk '
    index($0, ENVIRON["inside"]) == 1 {
      name = substr($0, length(ENVIRON["inside"]) + 1)
      sub("/.*", "", name)
      if (name ~ /^[0-9.]+$/ && !seen[name]++) print name
    }'
}

has() {  # LIST NAME
  case " $(echo $1) " in *" $2 "*) return 0;; esac
  return 1
}
"""
"""One look at all processes, however many: two forks, none of them for each."""
