# Runs one build step in a release and keeps its output in a log.
to=$1 name=$2 log=$1/$3 within=$4; shift 4
try "cannot enter release $name" cd "$to/releases/$name"
cd "$to/releases/$name" || exit 1
try "cannot make a place for logs" make_closed "$logs"
empty() { (umask 077; rm -f "$1" && : >"$1"); }  # a step may print what others must not read
try "cannot write $log" empty "$log"
ROLLOUT_SETTINGS=$(cat)
export ROLLOUT_SETTINGS
# The inner shell tells on descriptor 3 how the step ended, and the step itself does not have it: so
# an exit code of 124 is told from a step that `timeout` has ended, and a daemon that a step has
# left behind holds nothing open.  The step's own environment, PATH too, is not for our commands.
# shellcheck disable=SC2016 # the inner shell is to expand it
ended=$(timeout -k 5 "$within" sh -c '
  eval "$ROLLOUT_SETTINGS"
  unset ROLLOUT_SETTINGS
  /bin/sh -c "$1" 3>&-
  echo "$?" >&3
' rollout "$1" 3>&1 </dev/null >"$log" 2>&1)
code=$?
[ "$ended" != 0 ] || exit 0
if [ -z "$ended" ]; then
  # What `timeout` exits with: by TERM, by KILL.
  case $code in 124 | 137) ;; *) no "the step could not be run: exit $code of timeout";; esac
  unset ROLLOUT_RELEASE ROLLOUT_TO  # this shell and what it calls are not what has to end
  end_ours "$to" "$name"
fi
free=$(df -Pk "$to" | awk 'NR == 2 { print $4 }')
printf '%s\0%s\0' "$ended" "$free"
tail -c 8192 "$log" | tail -n 20
