# Downloads an artifact or takes it from stdin, judges it, and unpacks it into a release.
# to, name, revision, sha256, leading parts to leave out, most bytes, seconds, or empty where stdin
# is the artifact; else stdin is what curl is told
LC_ALL=C
export LC_ALL
case $1 in /*) to=$1 ;; *) to=./$1 ;; esac
here=$to/.rollout/incoming
file=$here/$2.artifact
(umask o=; mkdir -p -- "$here") || exit 71
trap 'rm -f -- "$file"' EXIT
trap 'exit 71' HUP INT TERM
blocks=$((($6 + 511) / 512))
download() { # seconds; no file grows beyond the limit, even if curl is not told how much will come
  umask 077
  ulimit -c 0
  ulimit -S -f $blocks
  timeout -k 5 "$1" curl -gfsSL --connect-timeout 20 --max-filesize "$2" --config - -o "$file"
}
if [ -n "$7" ]; then
  (download "$7" "$6")
  ended=$?
  [ $ended -ne 124 ] || exit 124
  [ $ended -ne 63 ] || exit 74
  [ $ended -eq 0 ] || [ ! -e "$file" ] || [ "$(stat -c %s "$file")" -lt $((blocks * 512)) ] ||
    exit 74
  [ $ended -eq 0 ] || exit 71
else
  (umask 077; cat >"$file") || exit 71
fi
sum=$(sha256sum <"$file") || exit 71
sum=${sum%% *}
[ "$sum" = "$4" ] || { echo "$sum"; exit 72; }
# What is in it is known before any of it is there.  Each entry takes a block of the disk as well.
listed=$({ tar -tv --numeric-owner --quoting-style=escape -f "$file" || echo '!'; } |
  awk -v most="$6" '
  /^!$/ { print "broken"; found = 1; exit }
  /^d........[tT]/ { sticky = 1 }
  /^[^-dlhC]/ {
    kind = substr($0, 1, 1)
    sub(/^[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ /, "")
    print "entry " kind " " $0; found = 1; exit
  }
  { size += 4096 + (/^[-C]/ ? $3 : 0) }
  size > most { print "large"; found = 1; exit }
  END { if (sticky && !found) print "sticky" }')
case $listed in
broken) exit 69 ;;
entry*) printf '%s\n' "${listed#entry }"; exit 73 ;;
large) exit 74 ;;
esac
cd -- "$to/releases/$2" || exit 70
case $file in /*) ;; *) file=$OLDPWD/$file ;; esac
root=; [ "$(id -u)" != 0 ] || root=yes
# Root has the modes of the archive, as ever, but for the bits by which a file runs as another user.
( [ -z "$root" ] || umask 0
  exec tar -x -o --no-same-permissions -f "$file" --strip-components="$5" >&2 ) || exit 69
if [ -n "$root" ] && [ "$listed" = sticky ]; then
  find . -type d -perm -2 -exec chmod +t '{}' + || exit 69
fi
[ -n "$(ls -A .)" ] || { echo "nothing is left of it without $5 leading parts" >&2; exit 69; }
revise . "$3"
