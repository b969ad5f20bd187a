# Prints how many kilobytes each release takes, and how many all of them free.
# A file that has a name elsewhere too (rsync --link-dest) takes room, and its removal frees none.
to=$1 within=$2 wanted=$3
cd "$to/releases" || no "cannot enter $to/releases"
set --
for name in $wanted; do if real "$name"; then set -- "$@" "$name"; fi; done
[ $# -gt 0 ] || exit 0
{ timeout "$within" find "$@" -xdev -printf '%H %D:%i %n %y %k\n' 2>/dev/null; echo "ended $?"; } | awk '
  $1 == "ended" { done = $2 == 0; exit }
  $4 == "d" || $3 == 1 { size[$1] += $5; freed += $5; next }
  !(($1, $2) in seen) { size[$1] += $5 }
  { seen[$1, $2]; names[$2]++; links[$2] = $3; each[$2] = $5 }
  END {
    if (!done) exit
    for (file in names) if (names[file] == links[file]) freed += each[file]
    for (name in size) print name, size[name]
    print "freed", freed + 0
  }'
exit 0
