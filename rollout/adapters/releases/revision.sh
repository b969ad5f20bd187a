# Prints the REVISION of a release.
file=$1/releases/$2/REVISION
[ -f "$file" ] || no "release $2 has no REVISION"
try "cannot read $file" head -c 1000 "$file"
printf '%s\n' "$said"
