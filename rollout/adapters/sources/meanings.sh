# Defines what a ref may mean, and the commits between two revisions.
meanings() { # ref, ref as a commit or empty: a line for each commit that it may mean
  case $1 in
  refs/*) c=$(full "$1") && echo "ref $c" ;;
  *)
    c=$(full "refs/heads/$1") && echo "branch $c"
    c=$(full "refs/tags/$1") && echo "tag $c"
    c=$(full "refs/remotes/origin/${1#origin/}") && echo "remote $c"
    ;;
  esac
  [ -z "$2" ] || { c=$(full "$2") && echo "commit $c"; }
  [ "$(git rev-parse --is-shallow-repository)" != true ] || echo shallow
  git for-each-ref --format='known %(refname)' refs/heads refs/tags refs/remotes
}
commits_between() { # revision before, commit: how many there are, and the newest of them
  full "$1" >/dev/null && full "$2" >/dev/null || return 0
  more=$(git rev-list --count "$1..$2") && less=$(git rev-list --count "$2..$1") || return 0
  printf 'count %s %s %s\n' "$2" "$more" "$less"
  git -c log.showSignature=false log -n 50 --no-color --no-decorate --no-notes --no-mailmap \
    --encoding=UTF-8 --format="log $2 %H%x09%an%x09%s" "$1..$2"
}
