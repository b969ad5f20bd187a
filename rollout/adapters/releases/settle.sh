# Marks a release good or bad, or takes its mark away, and removes the note of its deploy.
try "cannot make $marks" make_closed "$marks"
if [ -n "$3" ]; then
  printf '%s\n' "$3" | put "$marks/$2" || exit 1
else
  try "cannot remove the mark of $2" rm -f "$marks/$2"
fi
forget "$2"
