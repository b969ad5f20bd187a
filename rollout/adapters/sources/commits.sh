# Prints the commits between two revisions, as far as the mirror has them; it stays as it is.
# to, revision before, revision
[ ! -d "$GIT_DIR" ] || commits_between "$2" "$3"
exit 0
