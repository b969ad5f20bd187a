# Defines how the mirror of a repository is made, brought up to date and unpacked.
server=${REPOSITORY_SERVER-}
# A credential helper, see gitcredentials(7).  printf is one of the shell's own commands, so its
# arguments are in no process list.
# shellcheck disable=SC2016 # git hands it to a shell, which is to expand it
helper='!answer() { [ "$1" != get ] || printf "username=%s\npassword=%s\n" "$REPOSITORY_USERNAME" "$REPOSITORY_PASSWORD"; }; answer'

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
  # A git that was killed leaves its locks; a deploy that is alone here knows that they are stale.
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
  # shellcheck disable=SC2086 # $checkout is cut into words, and set -f keeps its stars
  "$@" -c gc.auto=0 -c maintenance.auto=false fetch -q --prune --no-tags \
    ${checkout:+"${checkout%% *}"} -- "$address" '+refs/heads/*:refs/heads/*' \
    '+refs/tags/*:refs/tags/*' ${checkout#--update-shallow}
  ended=$?
  set +f
  [ "$ended" -ne 124 ] || exit 124
  [ "$ended" -eq 0 ] || ! "$@" ls-remote -q -- "$address" >/dev/null 2>&1 || exit 67
  [ "$ended" -eq 0 ] || exit 66
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
