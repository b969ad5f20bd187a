# Defines how the processes that work on a release are found and ended.
ours() {  # TO NAME: the pids of those that work on it, but for this shell and its own
  uid=$(id -u)
  # shellcheck disable=SC2013 # no name in /proc has a blank
  for file in $(grep -lzxFs "ROLLOUT_RELEASE=$2" /proc/[0-9]*/environ); do
    pid=${file#/proc/}; pid=${pid%/environ}
    # A shell of ours that asks has a copy of itself do so, which has the same environment.
    if [ "$pid" = $$ ] || grep -qxs "PPid:.$$" "/proc/$pid/status"; then continue; fi
    # Two apps may be deployed in the same second on one host, by one user; and on a bastion that
    # is also a host, a hook knows the name of the release but works on none.
    grep -qzxFs "ROLLOUT_TO=$1" "$file" || continue
    # Root reads the environments of all users, and each user can set these two variables.
    grep -qsE "^Uid:[[:space:]]+${uid}[[:space:]]" "/proc/$pid/status" || continue
    echo "$pid"
  done
}

end_ours() {  # TO NAME: TERM, after 2 s KILL
  for sign in TERM KILL; do
    tries=20
    left=$(ours "$1" "$2")
    # shellcheck disable=SC2086 # pids, one word each
    [ -z "$left" ] || kill -s $sign $left 2>/dev/null
    while [ -n "$left" ] && [ $tries -gt 0 ]; do
      sleep 0.1
      left=$(ours "$1" "$2")
      # shellcheck disable=SC2086 # pids, one word each
      [ -z "$left" ] || [ $sign = TERM ] || kill -s $sign $left 2>/dev/null
      tries=$((tries - 1))
    done
    [ -n "$left" ] || return 0
  done
  # shellcheck disable=SC2086,SC2116 # echo puts the pids on one line
  no "cannot end what works on release $2: process $(echo $left)"
}
