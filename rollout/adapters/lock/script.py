"""What a place is asked about a lock: one script, so that here and there it is the same thing.

The lock is a directory that comes into being whole, by a rename: whoever finds it finds its holder.
All acts on it take turns (``flock`` on the directory it lies in, which the kernel lets go of when
a process dies), so looking whose it is and changing it are one act.
"""

HELD, LOST = 75, 76
"""Exit codes: it is somebody's; it is not ours any more.  What stands there is printed."""

LOCK = r"""
LC_ALL=C; export LC_ALL
umask 022
set -f
dir=$1 lock=$1/rollout-$2.lock verb=$3 run=$4

no() { printf '%s\n' "$1" >&2; exit 1; }

put() {  # NAME, from stdin: all of it or nothing, and on the disk
  said=$({ cat >"$lock/.$1" && sync "$lock/.$1" && mv -T "$lock/.$1" "$lock/$1"; } 2>&1) ||
    no "cannot write $lock/$1: ${said##*: }"
}

show() {  # who holds it, and for how many seconds nobody has heard of them
  [ -d "$lock" ] || return 0
  for name in run before holder owned beats ended; do
    [ -f "$lock/$name" ] && printf '%s\t%s\n' "$name" "$(head -c 4000000 "$lock/$name")"
  done
  printf 'quiet\t%s\n' "$(( $(date +%s) - $(stat -c %Y "$lock/beats" 2>/dev/null || date +%s) ))"
}

is() { [ "$(head -n 1 "$lock/run" 2>/dev/null)" = "$1" ]; }

ours() { is "$run" || { show; exit 76; }; }

beat() {
  count=$(head -n 1 "$lock/beats" 2>/dev/null)
  case $count in '' | 0?* | *[!0-9]* | ????????????*) count=0 ;; esac
  printf '%s\n' "$((count + 1))" >"$lock/beats" 2>/dev/null || no "cannot write $lock/beats"
}

gone() {  # away in one rename, so that nobody ever meets half of it
  said=$(mv -T "$lock" "$dir/.rollout-$2.$1.gone" 2>&1) || no "cannot release $lock: ${said##*: }"
  rm -rf "$dir/.rollout-$2.$1.gone"
}

case $verb in look | settled) [ -d "$dir" ] || exit 0 ;; esac
[ -d "$dir" ] || said=$(mkdir -p "$dir" 2>&1) || no "cannot make $dir: ${said##*: }"
[ -r "$dir" ] || no "cannot read $dir"
command -v flock >/dev/null || no "flock is missing here (it is in util-linux)"
exec 9<"$dir" || no "cannot open $dir"
flock -w 5 9 || no "$dir is locked by another process for more than 5s"

case $verb in
look) show ;;
take)
  [ ! -e "$lock" ] || { show; exit 75; }
  new=$dir/.rollout-$2.$run.new
  rm -rf "$new"
  said=$(mkdir "$new" 2>&1) || no "cannot make a lock in $dir: ${said##*: }"
  said=$({ cat >"$new/holder" && printf '%s\n' "$run" >"$new/run" && echo 0 >"$new/beats" &&
    echo '{}' >"$new/owned" && sync "$new/run" "$new/holder" "$new/owned" &&
    mv -T "$new" "$lock" && sync "$dir"; } 2>&1) ||
    { rm -rf "$new"; no "cannot make a lock in $dir: ${said##*: }"; } ;;
keep) ours; beat ;;
write) ours; put owned; beat ;;
replace)  # any of the runs in $5 by $run: its holdings stay; `run` says whose it is, so it is last
  is "$run" && exit 0
  for old in $5; do is "$old" && break; old=; done
  [ -n "$old" ] || { show; exit 75; }
  put holder
  put before <<END
$5
END
  put run <<END
$run
END
  rm -f "$lock/ended"
  for old in $5; do printf '%s %s\n' "$old" "$run"; done >>"$dir/.rollout-$2.settled" 2>/dev/null
  beat ;;
settled) tail -n 500 "$dir/.rollout-$2.settled" 2>/dev/null; exit 0 ;;
end) ours; put ended ;;
release) [ -e "$lock" ] || exit 0; ours; gone "$run" "$2" ;;
esac
"""
