"""The shell of the sources, for POSIX ``sh``; every value is a positional parameter.

Each script ends with one of the exits below, so that what went wrong is known without reading
anybody's words.
"""

from rollout.adapters.releases.layout import INCOMING, STILL_WANTED
from rollout.adapters.sources.repository_login import PASSWORD, SERVER, USERNAME

NOT_FETCHED, NO_MIRROR, NOT_ARCHIVED, NOT_UNPACKED = 66, 67, 68, 69
NOT_RECEIVED, OTHER_SUM, NOT_ALLOWED, TOO_LARGE, LATE = 71, 72, 73, 74, 124

REVISE = """\
revise() { # directory, revision: it was all there, so say what it is
  if [ -d "$1/REVISION" ] && [ ! -L "$1/REVISION" ]; then
    echo "REVISION is a directory in this release" >&2; exit 69
  fi
  rm -f -- "$1/REVISION.new" && printf '%s\\n' "$2" >"$1/REVISION.new" &&
    mv -f -- "$1/REVISION.new" "$1/REVISION" || exit 69
}
"""

LOGIN = f"""\
IFS= read -r {SERVER}; IFS= read -r {USERNAME}; IFS= read -r {PASSWORD}
export {SERVER} {USERNAME} {PASSWORD}
"""
"""Comes before a git script on a host; the lines are those of
:attr:`rollout.adapters.sources.repository_login.Login.lines`.
"""

HELPER = (
    '!answer() { [ "$1" != get ] || '
    f'printf "username=%s\\npassword=%s\\n" "${USERNAME}" "${PASSWORD}"; }}; answer'
)
"""A credential helper of git; see gitcredentials(7).

``printf`` is one of the shell's own commands, so its arguments are in no process list.
"""

MIRROR = (
    f"""
server=${{{SERVER}-}}
helper='{HELPER}'
"""
    r"""
unset GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
unset GIT_NAMESPACE GIT_COMMON_DIR
case $1 in /*) to=$1 ;; *) to=./$1 ;; esac
GIT_DIR=$to/repo GIT_TERMINAL_PROMPT=0 LC_ALL=C
export GIT_DIR GIT_TERMINAL_PROMPT LC_ALL
alone() { # seconds, 0 for ever: no other of us works on the mirror from here on
  mkdir -p -- "$to" && (umask o=; mkdir -p -- "$to/.rollout") || exit 67
  exec 8>"$to/.rollout/repo.lock" || exit 67
  if [ "$1" = 0 ]; then flock 8; else flock -w "$1" 8; fi ||
    { echo "another fetch is under way in $GIT_DIR" >&2; exit 65; }
}
mirror() { # address, seconds, 0 for ever: make the mirror what the repository is
  # A git that was killed leaves its locks; whoever is alone here knows that they are stale.
  [ ! -d "$GIT_DIR" ] || find "$GIT_DIR" -name '*.lock' -type f -exec rm -f -- '{}' +
  # Not where there is one: init writes the configuration anew.
  [ "$(git config --bool core.bare 2>&1)" = true ] && git rev-parse --git-dir >/dev/null 2>&1 ||
    git init -q --bare --template= -- "$GIT_DIR" >/dev/null || exit 67
  if [ -z "${GIT_SSH_COMMAND-}${GIT_SSH-}" ] && ! git config --get core.sshCommand >/dev/null; then
    GIT_SSH_COMMAND='ssh -oBatchMode=yes'
    export GIT_SSH_COMMAND
  fi
  address=$1
  if [ "$2" = 0 ]; then set --; else set -- timeout -k 5 "$2"; fi
  # The helpers of the login are not asked: one of them could write the password to the disk.
  if [ -z "$server" ]; then set -- "$@" git; else
    set -- "$@" git -c "credential.$server.helper=" -c "credential.$server.helper=$helper"
  fi
  # A directory may be the checkout of a build server: shallow, on no branch, and with all branches
  # under the name of where it was cloned from.
  if [ ! -d "$address" ]; then checkout=; else
    checkout="--update-shallow +refs/remotes/origin/*:refs/remotes/origin/*"
    [ -z "$(git ls-remote -q -- "$address" HEAD 2>/dev/null)" ] ||
      checkout="$checkout +HEAD:refs/rollout/head"
  fi
  set -f
  # $checkout is cut into words on purpose; set -f keeps its stars
  "$@" -c gc.auto=0 -c maintenance.auto=false fetch -q --prune --no-tags \
    ${checkout:+"${checkout%% *}"} -- "$address" '+refs/heads/*:refs/heads/*' \
    '+refs/tags/*:refs/tags/*' ${checkout#--update-shallow}
  ended=$?
  set +f
  [ $ended -ne 124 ] || exit 124
  [ $ended -eq 0 ] || ! "$@" ls-remote -q -- "$address" >/dev/null 2>&1 || exit 67
  [ $ended -eq 0 ] || exit 66
}
full() { git rev-parse -q --verify "$1^{commit}" 2>/dev/null; }
unpack() { # commit, directory: both halves of the pipe have to say yes
  failed=$( { { git archive --format=tar "$1" 3>&- || echo "git $?" >&3; } |
    { tar -x -o -f - -C "$2" 3>&- >&2 || echo tar >&3; }; } 3>&1 )
  case $failed in
  *'git 141'*) exit 69 ;; # a broken pipe: tar is the cause
  *git*) exit 68 ;;
  *tar*) exit 69 ;;
  esac
}
"""
)

RESOLVE = (
    MIRROR
    + r"""
# to, address, seconds, ref, ref as a commit or empty
alone "$3"; mirror "$2" "$3"
case $4 in
refs/*) c=$(full "$4") && echo "ref $c" ;;
*)
  c=$(full "refs/heads/$4") && echo "branch $c"
  c=$(full "refs/tags/$4") && echo "tag $c"
  c=$(full "refs/remotes/origin/${4#origin/}") && echo "remote $c"
  ;;
esac
[ -z "$5" ] || { c=$(full "$5") && echo "commit $c"; }
[ "$(git rev-parse --is-shallow-repository)" != true ] || echo shallow
git for-each-ref --format='known %(refname)' refs/heads refs/tags refs/remotes
"""
)

CONTENTS = (
    MIRROR
    + r"""
# to, commit; no more than 50 lines of a kind
few() { head -n 50; }
git -c core.quotePath=false ls-tree -r "$2" |
  awk -F '\t' '$1 ~ /^160000 / { print "submodule " $2 }' | few
says() { git grep -qF -e "$1" "$2" -- '.gitattributes' '*/.gitattributes' 2>/dev/null; }
if says filter=lfs "$2"; then
  git -c core.quotePath=false grep -lIE --all-match -e '^version https://git-lfs' \
    -e '^oid sha256:[0-9a-f]+$' -e '^size [0-9]+$' "$2" |
    while IFS= read -r file; do # a pointer has less than 1024 bytes
      [ "$(git cat-file -s "$file")" -ge 1024 ] || printf '%s\n' "pointer ${file#"$2:"}"
    done | few
fi
if says export-ignore "$2"; then
  { git archive --format=tar "$2" | tar -t --quoting-style=literal -f -; echo //
    git -c core.quotePath=false ls-tree -r --name-only "$2"; } |
    awk '$0 == "//" { all = 1; next } !all { there[$0]; next }
      !($0 in there) { print "ignored " $0 }' | few
fi
if says export-subst "$2"; then
  git grep -hF -e export-subst "$2" -- '.gitattributes' '*/.gitattributes' |
    awk '{ print "filled " $1 }' | few
fi
exit 0
"""
)
"""to, commit: what ``git archive`` leaves out or changes of it; see :mod:`.contents`."""

EXPORT = MIRROR + 'unpack "$2" "$3"\n'
"""to, commit, directory"""

DELIVER = (
    STILL_WANTED
    + MIRROR
    + REVISE
    + r"""
# to, name, commit, address, seconds, most bytes
there() { git cat-file -e "$1^{commit}" 2>/dev/null; }
if ! there "$3"; then
  alone "$5"
  there "$3" || mirror "$4" "$5"
  there "$3" || { echo "the repository does not have $3 any more" >&2; exit 66; }
fi
size=$(git ls-tree -r -l "$3" | awk '{ size += $4 } END { printf "%.0f", size }')
[ "$size" -le "$6" ] || { echo "$size bytes" >&2; exit 74; }
unpack "$3" "$to/releases/$2"
revise "$to/releases/$2" "$3"
"""
)

RSYNC = (
    STILL_WANTED
    + REVISE
    + r"""
# to, name, revision, rsync and its arguments; REVISION, where one is to come, comes last
cd -- "$1/releases/$2" || exit 70
revision=$3
shift 3
"$@" || exit
revise . "$revision"
"""
)

UNPACK_STREAM = (
    STILL_WANTED
    + REVISE
    + r"""
# to, name, revision; the tar.gz comes as stdin; modes as rsync -a would make them
cd -- "$1/releases/$2" || exit 70
tar -x -z -p -o -f - >&2 || exit 69
revise . "$3"
"""
)

ARTIFACT = (
    STILL_WANTED
    + REVISE
    + rf"""
# to, name, revision, sha256, leading parts to leave out, most bytes, seconds, or empty where stdin
# is the artifact; else stdin is what curl is told
LC_ALL=C
export LC_ALL
case $1 in /*) to=$1 ;; *) to=./$1 ;; esac
here=$to/{INCOMING}
file=$here/$2.artifact
(umask o=; mkdir -p -- "$here") || exit 71
trap 'rm -f -- "$file"' EXIT
trap 'exit 71' HUP INT TERM
blocks=$((($6 + 511) / 512))
download() {{ # seconds; no file grows beyond the limit, even if curl is not told how much will come
  umask 077
  ulimit -c 0
  ulimit -S -f $blocks
  timeout -k 5 "$1" curl -gfsSL --connect-timeout 20 --max-filesize "$2" --config - -o "$file"
}}
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
sum=${{sum%% *}}
[ "$sum" = "$4" ] || {{ echo "$sum"; exit 72; }}
# What is in it is known before any of it is there.  Each entry takes a block of the disk as well.
listed=$({{ tar -tv --numeric-owner --quoting-style=escape -f "$file" || echo '!'; }} |
  awk -v most="$6" '
  /^!$/ {{ print "broken"; found = 1; exit }}
  /^d........[tT]/ {{ sticky = 1 }}
  /^[^-dlhC]/ {{
    kind = substr($0, 1, 1)
    sub(/^[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ /, "")
    print "entry " kind " " $0; found = 1; exit
  }}
  {{ size += 4096 + (/^[-C]/ ? $3 : 0) }}
  size > most {{ print "large"; found = 1; exit }}
  END {{ if (sticky && !found) print "sticky" }}')
case $listed in
broken) exit 69 ;;
entry*) printf '%s\n' "${{listed#entry }}"; exit 73 ;;
large) exit 74 ;;
esac
cd -- "$to/releases/$2" || exit 70
case $file in /*) ;; *) file=$OLDPWD/$file ;; esac
root=; [ "$(id -u)" != 0 ] || root=yes
# Root has the modes of the archive, as ever, but for the bits by which a file runs as another user.
( [ -z "$root" ] || umask 0
  exec tar -x -o --no-same-permissions -f "$file" --strip-components="$5" >&2 ) || exit 69
if [ -n "$root" ] && [ "$listed" = sticky ]; then
  find . -type d -perm -2 -exec chmod +t '{{}}' + || exit 69
fi
[ -n "$(ls -A .)" ] || {{ echo "nothing is left of it without $5 leading parts" >&2; exit 69; }}
revise . "$3"
"""
)

ARTIFACT_HEAD = r"""
# seconds, most bytes; stdin is what curl is told.  The answer to HEAD has no body.  What answers
# only GET (a signed address, for example) is asked for one byte, and left when it sends more.
LC_ALL=C
export LC_ALL
seconds=$1
told=$(cat)
ask() {
  printf '%s\n' "$told" |
    timeout -k 5 $((seconds + 5)) curl -m "$seconds" -gfsSL --config - "$@"
}
if head=$(ask -I 2>/dev/null); then
  size=$(printf '%s\n' "$head" | tr -d '\r' | awk '
    /^HTTP\// { size = 0 }
    tolower($1) == "content-length:" { size = $2 }
    END { printf "%.0f", size }')
  [ "${#size}" -lt 18 ] && [ "$size" -le "$2" ] || exit 74
  exit 0
fi
[ "$(ask -r 0-0 | head -c 1 | wc -c)" -eq 1 ] || exit 71
"""

CHECKSUM_FILE = """\
timeout -k 5 "$1" curl -gfsSL --max-filesize 65536 --config -
"""
"""seconds; stdin is what curl is told"""
