# Defines which releases processes run in, by one look at all processes.
running() {  # DIRECTORY PIDS READLINK...: who is run in, but by PIDS, in "DIRECTORY/NAME"
  inside=$1 skip=" $2 "; shift 2
  all=
  for at in /proc/[0-9]*; do
    case $skip in *" ${at#/proc/} "*) continue;; esac
    all="$all $at/cwd $at/exe $at/root"
  done
  {
    # shellcheck disable=SC2086 # paths in /proc, without blanks and stars
    readlink $all
    # shellcheck disable=SC2086 # as above
    [ "$*" = readlink ] || "$@" $all
  } 2>/dev/null | inside=$inside/ awk '
    index($0, ENVIRON["inside"]) == 1 {
      name = substr($0, length(ENVIRON["inside"]) + 1)
      sub("/.*", "", name)
      if (name ~ /^[0-9.]+$/ && !seen[name]++) print name
    }'
}

has() {  # LIST NAME
  # shellcheck disable=SC2086,SC2116 # echo puts the names on one line
  case " $(echo $1) " in *" $2 "*) return 0;; esac
  return 1
}
