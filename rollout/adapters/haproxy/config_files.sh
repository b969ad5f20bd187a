# Prints the configuration files of a running HAProxy, as far as the login may read them.
pid=$1
set -f
next=
files=
for word in $(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline"); do
  [ -z "$next" ] || files="$files $word"
  next=
  case $word in -f) next=yes ;; -f/*) files="$files ${word#-f}" ;; esac
done
set +f
for file in ${files:-/etc/haproxy/haproxy.cfg}; do
  if [ -d "$file" ]; then cat "$file"/*.cfg; else cat "$file"; fi
done 2>/dev/null
exit 0
