# Unpacks a commit into a directory.
unpack "$2" "$3"
