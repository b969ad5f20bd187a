# Asks monit for the restart of services: as a group that has exactly them, or one after another.
LC_ALL=C; export LC_ALL
group=$1 all=$2 exactly=$3 names=$4; shift 4
asked=0; sent=0
text=$("$@" ${group:+-g "$group"} status 2>&1); rc=$?
services=$(printf '%s\n' "$text" | grep "^[A-Z][A-Za-z ]* '.*'" | sort)
if [ "$rc" -eq 0 ] && [ -n "$services" ]; then
  if [ "$services" = "$exactly" ]; then
    sent=1; echo '@by group'
    text=$("$@" -g "$group" restart ${all:+"$all"} 2>&1); rc=$?
    [ "$rc" -ne 0 ] || asked=1
  else
    set -f
    IFS='
'
    for name in $names; do
      sent=$((sent + 1))
      text=$("$@" restart "$name" 2>&1); rc=$?
      [ "$rc" -eq 0 ] || break
      asked=$((asked + 1))
    done
  fi
fi
printf '@asked %s of %s\n' "$asked" "$sent"
