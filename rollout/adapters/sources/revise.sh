# Defines how a release gets its REVISION, once all of it is there.
revise() { # directory, revision: it was all there, so say what it is
  if [ -d "$1/REVISION" ] && [ ! -L "$1/REVISION" ]; then
    echo "REVISION is a directory in this release" >&2; exit 69
  fi
  rm -f -- "$1/REVISION.new" && printf '%s\n' "$2" >"$1/REVISION.new" &&
    mv -f -- "$1/REVISION.new" "$1/REVISION" || exit 69
}
