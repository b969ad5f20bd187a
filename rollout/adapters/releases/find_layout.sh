# Prints whether a directory is laid out as Capistrano does it, what is shared, and its repository.
to=$1
[ -L "$to/current" ] && [ -d "$to/releases" ] && [ -d "$to/shared" ] || exit 0
echo @layout
live=$(cd -P "$to/current" 2>/dev/null && pwd -P) shared=$(cd -P "$to/shared" && pwd -P)
[ -z "$live" ] || timeout 5 find "$live" -maxdepth 5 -type l -lname '*shared/*' \
  \( -xtype d -printf 'directory %P\n' -o -xtype f -printf 'file %P\n' \) 2>/dev/null |
  head -n 1000 | while read -r kind path; do
  case $(readlink -f "$live/$path") in "$shared"/*) printf '@%s %s\n' "$kind" "$path" ;; esac
done
command -v git >/dev/null && [ -d "$to/repo" ] || exit 0
url=$(git --git-dir="$to/repo" config --get remote.origin.url 2>/dev/null) || exit 0
printf '@repo %s\n' "$url"
