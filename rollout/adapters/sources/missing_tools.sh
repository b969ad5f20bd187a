# Prints which of some programs are missing, and the versions of git and rsync.
for tool do
  command -v "$tool" >/dev/null 2>&1 || { echo "missing $tool"; continue; }
  case $tool in git | rsync) echo "$tool $("$tool" --version 2>/dev/null | head -n 1)" ;; esac
done
