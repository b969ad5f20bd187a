# Ends each script: prints who called monit, if monit said no, then its exit code and its own words.
[ "$rc" -eq 0 ] || printf '@who %s %s %s\n' "$(id -un)" \
  "$(command -v monit || echo /usr/bin/monit)" "$(sudo -V 2>/dev/null | sed -n '1s/.* //p')"
printf '@monit %s\n%s\n' "$rc" "$text"
