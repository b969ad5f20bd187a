# Does one act on the lock of an app, after it has judged who made what lies there.
LC_ALL=C; export LC_ALL
set -f
dir=$1 app=rollout-$2 group=$3 own=$4 verb=$5 run=$6 word=$7
tab=$(printf '\t') there='' odd='' where='' most=1000000

no() { printf '%s\n' "$1" >&2; exit 1; }

unsafe() { printf 'unsafe\t%s\t%s\n' "$1" "$2"; exit 77; }

denied() { printf 'denied\t%s\t%s\n' "$1" "$(id -un)"; exit 77; }

member() {  # USER: of the team's group
  [ -n "$group" ] || return 1
  case " $(id -Gn -- "$1" 2>/dev/null) " in *" $group "*) return 0 ;; esac
  return 1
}

judge() {  # PATH TYPE USER UID GROUP MODE: is it a directory in which no stranger can write?
  [ "$2" = directory ] || unsafe "$1" "it is a $2 made by $3"
  [ "$4" = 0 ] || [ -O "$1" ] || member "$3" || unsafe "$1" "made by $3"
  case $6 in *[2367]) unsafe "$1" "every login may write there (mode $6)" ;; esac
  case $6 in
  *[2367]?) [ "$5" = "$group" ] ||
    unsafe "$1" "the group $5 may write there (mode $6), and lock.group is '$group'" ;;
  esac
}

judge_parent() {  # as above; what is sticky and root's (/tmp) keeps strangers from renaming ours
  [ "$2" = directory ] || unsafe "$1" "it is a $2 made by $3"
  [ "$4" = 0 ] || [ -O "$1" ] || member "$3" || unsafe "$1" "made by $3"
  case $6 in
  [1357]???) [ "$4" = 0 ] || unsafe "$1" "every login may write there (mode $6)" ;;
  *[2367]) unsafe "$1" "every login may write there (mode $6)" ;;
  *[2367]?) [ "$5" = "$group" ] || [ "$5" = "$3" ] ||  # its owner's own group, as on Debian
    unsafe "$1" "the group $5 may write there (mode $6), and lock.group is '$group'" ;;
  esac
}

rows() { stat -c "%F$tab%U$tab%u$tab%G$tab%a$tab%s$tab%Y$tab%d:%i" -- "$@" 2>/dev/null; }

look_at() {  # JUDGE PATH
  row=$(rows "$2") || no "cannot look at $2"
  IFS=$tab
  # shellcheck disable=SC2086 # a row is cut at its tabs, and set -f keeps its stars
  set -- "$1" "$2" $row; unset IFS
  of=$6 may=$7 judged=${10}
  "$1" "$2" "$3" "$4" "$5" "$6" "$7"
}

put() {  # NAME [fsync], from stdin: all of it or nothing
  if [ -e ".$1.new" ] || [ -L ".$1.new" ]; then rm -f ".$1.new"; fi
  said=$({ dd of=".$1.new" bs=64k iflag=fullblock conv="excl${2:+,$2}" status=none &&
    mv -T ".$1.new" "$1"; } 2>&1) && return
  rm -f ".$1.new"
  no "cannot write $dir/$app/$where$1: ${said##*: }"
}

plain() {  # FILE: at most 1 MB of it; a link is not followed, a FIFO not waited for
  dd if="$1" iflag=nofollow,nonblock,fullblock bs=64k count=16 status=none
}

first() { line=; [ -f "$1" ] && [ ! -L "$1" ] && read -r line <"$1"; printf '%s' "$line"; }

show() {  # what stands here, and for how many seconds it has given no sign of life
  [ -n "$there" ] || return 0
  printf 'stands\t%s\t%s\t%s\t%s\n' "$user" "$mode" "$(($(date +%s) - made))" "$id"
  [ -z "$odd" ] || { printf 'odd\t%s\n' "$odd"; return 0; }
  for name in run before holder owned beats ended paused; do
    [ -f "lock/$name" ] && printf '%s\t%s\n' "$name" \
      "$(plain "lock/$name" | head -n 1)"
  done
  printf 'quiet\t%s\n' "$(($(date +%s) - heard))"
}

is() { [ -n "$there" ] && [ -z "$odd" ] && [ "$(first lock/run)" = "$1" ]; }

ours() { is "$run" || { show; exit 76; }; }

under_way() { ours; [ ! -e lock/ended ] || { show; exit 76; }; }  # ours, and not left behind

inside() {  # go into the lock, and be sure that it is the one that was judged
  cd -P lock 2>/dev/null && [ "$(stat -c %d:%i .)" = "$id" ] || no "cannot enter $dir/$app/lock"
  where=lock/
}

outside() { cd -P .. || no "cannot leave $dir/$app/lock"; where=; }

beat() {  # in the lock
  count=$(first beats)
  case $count in '' | 0?* | *[!0-9]* | ????????????*) count=0 ;; esac
  put beats <<END
$((count + 1))
END
}

prepare() {  # a lock of ours, whole before it stands there
  new=.new.$run
  rm -rf "./$new"
  said=$(mkdir "./$new" 2>&1) || no "cannot make a lock in $dir/$app: ${said##*: }"
  (
    cd -P "./$new" && [ ! -L "../$new" ] && [ . -ef "../$new" ] && [ -O . ] ||
      no "cannot enter $dir/$app/$new"
    where=$new/
    put holder fsync
    put run fsync <<END
$run
END
    put beats <<END
0
END
    put owned fsync <<END
{}
END
  ) || { rm -rf "./$new"; exit 1; }
}

stand() {  # the lock that was prepared, by one rename
  said=$({ mv -T "./$new" lock && sync .; } 2>&1) || {
    rm -rf "./$new"
    no "cannot make a lock in $dir/$app: ${said##*: }"
  }
}

away() {  # NAME: the lock goes in one rename, so that no reader meets half of it
  said=$(rm -rf "./$1" 2>&1 && mv -T lock "$1" 2>&1) ||
    no "cannot release $dir/$app/lock: ${said##*: }"
}

last_lines() {  # FILE COUNT
  [ -f "$1" ] && [ ! -L "$1" ] && plain "$1" | tail -n "$2"
  return 0
}

each() {  # ROW FILE: its last lines, each as a row
  last_lines "$2" 20 | while IFS= read -r line; do printf '%s\t%s\n' "$1" "$line"; done
}

case $app in */*) no "an app cannot be called ${app#rollout-}" ;; esac
above=${dir%/*} above=${above:-/}
mine=
if [ -n "$own" ]; then
  home=$HOME
  [ -O "$home" ] || home=$(getent passwd "$(id -u)" | cut -d: -f6)
  mine=$home/.local/state/rollout/lock
fi
if [ -n "$mine" ] && [ -e "$mine/$app/lock" ]; then
  seen=$mine  # from before the team's directory was made: it still counts
else
  seen=$dir
  while [ -n "$seen" ] && [ ! -e "$seen" ] && [ ! -L "$seen" ]; do seen=${seen%/*}; done
  [ ! -d "${seen:=/}" ] || [ -x "$seen" ] || denied "$seen"  # what is hidden is not missing
fi
if [ -n "$mine" ] && [ "$seen" != "$dir" ]; then
  dir=$mine above=${mine%/*} group=
  printf 'own\t%s\t%s\n' "$dir" "$(id -un)"
fi
if [ "$verb" = asked ] && [ ! -e "$dir/$app/lock/asked" ] && [ ! -L "$dir/$app/lock/asked" ]; then
  exit 0  # nothing was asked; a run looks every two seconds
fi
if [ ! -e "$dir" ] && [ ! -L "$dir" ]; then
  case $verb in look | settled | acts) exit 0 ;; esac
  said=$(umask 077; mkdir -p "$above" 2>&1) || no "cannot make $dir: ${said##*: }"
  look_at judge_parent "$above"
  said=$(umask 077; mkdir -p "$dir" 2>&1) || no "cannot make $dir: ${said##*: }"
  # It may well be for a team: a login that can give it to the group does.
  [ -z "$group" ] || (
    cd -P "$dir" && [ .. -ef "$above" ] && chgrp "$group" . && chmod 2770 .
  ) 2>/dev/null
fi
look_at judge_parent "$above"
look_at judge "$dir"
[ -x "$dir" ] || denied "$dir"
row=$(rows "$dir") || no "cannot look at $dir"
IFS=$tab
# shellcheck disable=SC2086 # a row is cut at its tabs, and set -f keeps its stars
set -- $row; unset IFS
case $5 in *[2367]?) shared=1; umask 007 ;; *) shared=; umask 077 ;; esac
if [ ! -e "$dir/$app" ] && [ ! -L "$dir/$app" ]; then
  case $verb in look | settled | acts) exit 0 ;; esac
  said=$(mkdir "$dir/$app" 2>&1) || [ -d "$dir/$app" ] || no "cannot make $dir/$app: ${said##*: }"
fi
look_at judge "$dir/$app"
command -v flock >/dev/null || no "flock is missing here (it is in util-linux)"
cd -P -- "$dir/$app" 2>/dev/null || denied "$dir/$app"
[ ! -L "$dir/$app" ] && [ . -ef "$dir/$app" ] || no "$dir/$app was exchanged meanwhile"
case ${shared:+$of:$may} in
"" | "$group":[2367]?7?) ;;
*)  # made when the directory was for one login: no lock in it would be the team's
  # shellcheck disable=SC2015 # one thing that fails is enough to say no
  [ -O . ] && [ "$(stat -c %d:%i .)" = "$judged" ] && chgrp "$group" . && chmod 2770 . ||
    no "$dir/$app is not of the group $group: root can remove it when no run is under way" ;;
esac
exec 9<. || no "cannot open $dir/$app"
flock -w 5 9 || no "$dir/$app is locked by another process for more than 5s"

heard=0
if row=$(rows lock); then
  there=1
  IFS=$tab
  # shellcheck disable=SC2086 # a row is cut at its tabs, and set -f keeps its stars
  set -- $row; unset IFS
  user=$2 mode=$5 made=$7 id=$8
  odd=$( (judge lock "$1" "$2" "$3" "$4" "$5") | cut -f 2-)
  if [ -z "$odd" ]; then
    for name in run before holder owned beats ended paused asked; do
      row=$(rows "lock/$name") || continue
      IFS=$tab
      # shellcheck disable=SC2086 # a row is cut at its tabs, and set -f keeps its stars
      set -- $row; unset IFS
      case $1 in regular*) ;; *) odd="lock/$name${tab}it is a $1 made by $2" ;; esac
      [ "$3" = 0 ] || [ -O "lock/$name" ] || member "$2" || odd="lock/$name${tab}made by $2"
      [ "$6" -le "$most" ] || odd="lock/$name${tab}it has $6 bytes"
      case $name in beats | owned) [ "$7" -le "$heard" ] || heard=$7 ;; esac
    done
  fi
fi

case $verb in
look) show ;;
take)
  [ -z "$there" ] || { show; exit 75; }
  prepare
  stand ;;
keep) ours; inside; beat ;;
write) ours; inside; put owned fsync ;;
replace)  # any of the runs in $word by $run: its holdings stay; `run` says whose it is: it is last
  is "$run" && { inside; beat; exit 0; }
  [ -n "$there" ] && [ -z "$odd" ] || { show; exit 75; }
  was=$(first lock/run)
  case " $word " in *" ${was:-?} "*) ;; *) show; exit 75 ;; esac
  inside
  put holder fsync
  put before fsync <<END
$word
END
  outside
  { last_lines settled 499; for old in $word; do printf '%s %s\n' "$old" "$run"; done; } |
    put settled fsync || exit 1
  inside
  rm -f ended paused asked  # what was asked of a run is not asked of the next one
  beat
  put run fsync <<END
$run
END
  ;;
seize)  # what stands here under the number $word, whatever it is; it is kept aside
  [ "$there${id-}" = "1$word" ] || { show; exit 75; }
  prepare
  away "broken.$run"
  stand ;;
settled) last_lines settled 500 ;;
acts) last_lines acts 20 ;;
act) { last_lines acts 99; cat; } | put acts || exit 1 ;;
end) ours; inside; put ended fsync ;;
ask) under_way; inside; { last_lines asked 19; cat; } | put asked fsync || exit 1 ;;
asked) ours; each asked lock/asked ;;
answer) ours; { last_lines answers 19; cat; } | put answers || exit 1 ;;
answers) each answer answers; under_way ;;  # beside the lock: an answer outlives its run
pause) ours; inside; put paused ;;
release)
  [ -n "$there" ] || exit 0
  ours
  case "$(first lock/owned)" in '{}' | '{"number":'*',"held":[]}') ;; *) show; exit 78 ;; esac
  away ".gone.$run"
  rm -rf "./.gone.$run" ;;
try)
  put try fsync <<END
a lock could be written here
END
  rm -f try ;;
esac
