# Runs the receiving rsync in a release.
# to, name, revision, rsync and its arguments; REVISION, where one is to come, comes last
cd -- "$1/releases/$2" || exit 70
revision=$3
shift 3
"$@" || exit
revise . "$revision"
