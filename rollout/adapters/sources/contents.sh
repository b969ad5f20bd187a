# Prints what git archive leaves out of a commit, or changes.
# to, commit; no more than 50 lines of a kind
few() { head -n 50; }
git -c core.quotePath=false ls-tree -r "$2" |
  awk -F '\t' '$1 ~ /^160000 / { print "submodule " $2 }' | few
says() { git grep -qF -e "$1" "$2" -- '.gitattributes' '*/.gitattributes' 2>/dev/null; }
if says filter=lfs "$2"; then
  git -c core.quotePath=false grep -lIE --all-match -e '^version https://git-lfs' \
    -e '^oid sha256:[0-9a-f]+$' -e '^size [0-9]+$' "$2" |
    while IFS= read -r file; do # a pointer has less than 1024 bytes
      [ "$(git cat-file -s "$file")" -ge 1024 ] || printf '%s\n' "pointer ${file#"$2:"}"
    done | few
fi
if says export-ignore "$2"; then
  { git archive --format=tar "$2" | tar -t --quoting-style=literal -f -; echo //
    git -c core.quotePath=false ls-tree -r --name-only "$2"; } |
    awk '$0 == "//" { all = 1; next } !all { there[$0]; next }
      !($0 in there) { print "ignored " $0 }' | few
fi
if says export-subst "$2"; then
  git grep -hF -e export-subst "$2" -- '.gitattributes' '*/.gitattributes' |
    awk '{ print "filled " $1 }' | few
fi
exit 0
