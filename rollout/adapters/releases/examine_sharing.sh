# Defines the question about sharing: which shared paths does the live release link to?
examine_sharing() {  # of a release that none of ours made: what does it share, and where from?
  live=$(physical "$to/current")
  [ -n "$live" ] && [ ! -e "$marks/${live##*/}" ] || return 0
  found base "$(physical "$to/shared")" "$live"
  timeout "$size_within" find "$live" -maxdepth 5 -type l -lname '*shared/*' \
    \( -xtype d -printf 'links-directory\0%P\0%l\0' -o -xtype f -printf 'links-file\0%P\0%l\0' \) \
    2>/dev/null | head -c 100000
}
