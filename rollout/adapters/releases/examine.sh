# Prints all that would keep a deploy from working on a host, and changes nothing.
to=$1 size_within=$2 directories=$3; shift 3
for tool in awk chmod cp cut date df find grep head ln mkdir mv readlink rm sort sync tail tar timeout; do command -v $tool >/dev/null || found tool "$tool" ""; done
mv --help 2>&1 | grep -q -e '-T' || found tool "mv -T" ""
examine_places
examine_current
while [ "$directories" -gt 0 ]; do
  place=$to/shared/$1
  if [ ! -d "$place" ] && { [ -e "$place" ] || [ -L "$place" ]; }; then
    found shared-not-directory "$1" ""
  fi
  if [ -L "$place" ] || [ -n "$(ls -A "$place" 2>/dev/null)" ]; then found shared-filled "$1" ""; fi
  shift; directories=$((directories - 1))
done
files=$1; shift
while [ "$files" -gt 0 ]; do
  place=$to/shared/$1
  if [ -d "$place" ]; then
    found shared-not-file "$1" ""
  elif [ ! -e "$place" ]; then
    found shared-missing "$1" ""
  elif [ ! -r "$place" ]; then
    found shared-unreadable "$1" ""
  fi
  shift; files=$((files - 1))
done
if ! said=$("$@" "/proc/$$/cwd" 2>&1); then found blind "$*" "$said"; fi
if [ -d "$above" ]; then examine_room; fi
examine_sharing
found user "$(id -un 2>/dev/null || id -u)" ""
