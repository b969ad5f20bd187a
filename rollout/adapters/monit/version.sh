# Asks monit for its version.
LC_ALL=C; export LC_ALL
text=$("$@" -V 2>&1); rc=$?
