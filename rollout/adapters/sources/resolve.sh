# Fetches, and prints which commits a ref may mean.
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
