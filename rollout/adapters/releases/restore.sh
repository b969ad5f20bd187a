# Ends what works on a release, and makes current what it was before.
[ ! -e "$notes/$2" ] || : >"$notes/$2.back" 2>/dev/null || :
end_ours "$1" "$2"
restore "$1" "$2"
