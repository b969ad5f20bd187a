# Prints whether a directory is laid out as Capistrano does it, and where its clone fetches from.
to=$1
[ -L "$to/current" ] && [ -d "$to/releases" ] && [ -d "$to/shared" ] || exit 0
echo @layout
command -v git >/dev/null && [ -d "$to/repo" ] || exit 0
url=$(git --git-dir="$to/repo" config --get remote.origin.url 2>/dev/null) || exit 0
printf '@repo %s\n' "$url"
