# Unpacks a tar.gz from stdin into a release.
# to, name, revision; the tar.gz comes as stdin; modes as rsync -a would make them
cd -- "$1/releases/$2" || exit 70
tar -x -z -p -o -f - >&2 || exit 69
revise . "$3"
