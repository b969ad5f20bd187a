# Names the directories below deploy.to, and defines what all scripts about releases use.
notes=$1/.rollout/notes marks=$1/.rollout/marks logs=$1/.rollout/log incoming=$1/.rollout/incoming trash=$1/.rollout/trash
digits='[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]'

no() { printf '%s\n' "$1" >&2; exit 1; }

try() {  # SENTENCE COMMAND...: what the command says against it ends the sentence
  what=$1; shift
  said=$("$@" 2>&1) || no "$what: ${said##*: }"
}

make_closed() { (umask o=; mkdir -p "$@"); }  # DIRECTORY...: of no use to other users

real() { [ -d "$1" ] && [ ! -L "$1" ]; }

physical() { (cd -P "$1" 2>/dev/null && pwd -P); }

leads_to() {  # TO NAME: is it current, by way of any symlinks, or only by name and gone?
  [ "$(readlink "$1/current" 2>/dev/null)" = "$1/releases/$2" ] && return
  at=$(physical "$1/current") && [ "$at" = "$(physical "$1/releases")/$2" ]
}

write() { cat >"$1" && sync "$1"; }  # FILE, from stdin, to the disk

put() {  # FILE, from stdin: all of it or nothing of it, whenever we are killed
  part=${1%/*}/.${1##*/}.part
  try "cannot write $1" write "$part" && try "cannot write $1" mv -T "$part" "$1"
  sync "${1%/*}"
}

destroy() {  # what a build has made unwritable is made writable first, but no file: that may be
  # one with a file of the live release (rsync --link-dest), and so are their modes
  rm -rf "$1" 2>/dev/null && return
  # Each before it is entered, and from inside: find goes back to where it began, which may be
  # a home that this user may not enter.
  chmod u+rwx "$1" 2>/dev/null
  (cd "$1" && find . -type d -exec chmod u+rwx {} \;) 2>/dev/null
  rm -rf "$1"
}

