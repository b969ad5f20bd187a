# Asks monit for the status of its services, and reads the processes behind them from /proc.
LC_ALL=C; export LC_ALL
trees=$1 further=$2 ports=$3 old=$4; shift 4
text=$("$@" status 2>&1); rc=$?
sed -n -e 's/^[0-9a-f]*-[0-9a-f-]*$/@boot &/p' -e 's/^btime /@&/p' \
  /proc/sys/kernel/random/boot_id /proc/stat 2>/dev/null
printf '@ticks %s\n' "$(getconf CLK_TCK 2>/dev/null)"
pids=
walk() {
  pids="$pids $1"
  # A longer list of pids is not followed any further.
  [ "${#pids}" -lt 4000 ] || return 0
  for list in /proc/"$1"/task/*/children; do
    line=
    { read -r line <"$list"; } 2>/dev/null
    for child in $line; do walk "$child"; done
  done
}
for pid in $(printf '%s\n' "$text" | sed -n -e "$trees" \
  -e 's,^  pid  *\([1-9][0-9]*\)[[:space:]]*$,\1,p'); do
  case $pid in ours*) walk "${pid#ours}" ;; *) pids="$pids $pid" ;; esac
done
pids="$pids $further"
# shellcheck disable=SC2046,SC2086 # one path for each pid
cat /proc/1/stat $(printf '/proc/%s/stat ' $pids) 2>/dev/null
