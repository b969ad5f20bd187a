# Defines the questions about rights: where may the login write, and what is current?
found() { printf '%s\0%s\0%s\0' "$1" "$2" "$3"; }

may_write() {  # DIRECTORY, which exists
  if [ ! -d "$1" ]; then
    found notdir "$1" ""
  elif [ ! -w "$1" ] || [ ! -x "$1" ] || [ ! -r "$1" ]; then
    # Giving it the time that it has changes nothing, and tells why nothing can be changed.
    why=$(touch -c -r "$1" "$1" 2>&1)
    found unwritable "$1" "${why##*: }"
  fi
}

examine_places() {
  above=$to
  while [ ! -e "$above" ] && [ ! -L "$above" ] && [ -n "$above" ]; do above=${above%/*}; done
  above=${above:-/}
  may_write "$above"
  [ "$above" = "$to" ] || return 0
  for each in releases shared .rollout .rollout/notes .rollout/marks .rollout/log .rollout/incoming .rollout/trash; do
    if [ -e "$to/$each" ] || [ -L "$to/$each" ]; then may_write "$to/$each"; fi
  done
}

examine_current() {
  if real "$to/current"; then
    found current-directory "$(date -u -r "$to/current" +%Y%m%d%H%M%S)" ""
  elif [ -e "$to/current" ] && [ ! -d "$to/current" ]; then
    found current-file "" ""
  elif [ -L "$to/current" ] && [ ! -e "$to/current" ]; then
    newest=
    for each in "$to/releases"/$digits; do if real "$each"; then newest=${each##*/}; fi; done
    found current-dangling "$(readlink "$to/current")" "$newest"
  fi
}
