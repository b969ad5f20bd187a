# Puts links to the shared directories and files into a release.
to=$1 release=$1/releases/$2 name=$2 directories=$3; shift 3
real "$release" || no "release $name is not there"
whole=$(physical "$release")

make_parents() {  # PATH: those of a place in the release, and never one outside it
  below=$release rest=$1
  while [ "${rest#*/}" != "$rest" ]; do
    below=$below/${rest%%/*} rest=${rest#*/}
    if [ -L "$below" ]; then
      case $(physical "$below") in
      "$whole"/*) ;;
      *) no "${below#"$release"/} is a symlink in the release and leads out of it";;
      esac
    elif [ ! -d "$below" ]; then
      try "cannot make $below" mkdir "$below"
    fi
  done
}

link() {  # PATH
  make_parents "$1"
  [ "$(readlink "$release/$1")" != "$to/shared/$1" ] || return 0
  if [ -e "$release/$1" ] || [ -L "$release/$1" ]; then
    try "cannot replace $release/$1" destroy "$release/$1"
  fi
  try "cannot link $1 into the release" ln -s "$to/shared/$1" "$release/$1"
}

seen=0 missing=
for path in "$@"; do
  seen=$((seen + 1))
  if [ $seen -le "$directories" ]; then
    try "cannot make shared/$path" mkdir -p "$to/shared/$path"
  elif [ -d "$to/shared/$path" ]; then
    no "shared/$path is a directory and should be a file"
  elif [ ! -e "$to/shared/$path" ]; then
    missing="$missing, shared/$path"
  fi
done
[ -z "$missing" ] || { printf '%s\n' "missing: ${missing#, }" >&2; exit 77; }
for path in "$@"; do link "$path"; done
