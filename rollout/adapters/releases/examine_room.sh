# Defines the question about room: how much does a release need, and how much is free?
sizes() {  # DIRECTORY...: "KILOBYTES FILES", or nothing when it takes too long
  { timeout "$size_within" find "$@" -xdev -printf '%k\n' 2>/dev/null; echo "ended $?"; } | awk '
    $1 == "ended" { if ($2 < 124) print kilobytes + 0, files + 0; exit }
    { kilobytes += $1; files++ }'
}

examine_room() {
  live=$(physical "$to/current")
  size=${live:+$(sizes "$live")}
  # What a dead deploy has left is removed before the next begins: it counts as room.
  set -- "$trash" "$incoming"
  for each in "$notes"/$digits; do
    if grep -qs '^fresh yes$' "$each" && ! leads_to "$to" "${each##*/}"; then
      set -- "$@" "$to/releases/${each##*/}"
    fi
  done
  left=$(sizes "$@")
  free=$(df -Pk "$above" 2>/dev/null | awk 'NR == 2 { print $4 }')
  nodes=$(df -Pi "$above" 2>/dev/null | awk 'NR == 2 && $2 > 0 { print $4 }')
  found room "$free ${nodes:--}" "${size:-- -} ${left:-0 0}"
}
