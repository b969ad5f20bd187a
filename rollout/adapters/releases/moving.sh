# Defines how a new link is renamed over current.
move() {  # TO LINK: rename LINK over current; a visitor finds one or the other, never none
  if [ -e "$1/current" ] && [ ! -L "$1/current" ]; then
    rm -f "$2"
    no "$1/current is not a symlink"
  fi
  wanted=$(readlink "$2")
  try "cannot move current" mv -T "$2" "$1/current"
  found=$(readlink "$1/current")
  [ "$found" = "$wanted" ] || no "current is $found after it was made $wanted"
}
