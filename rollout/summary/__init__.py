"""Where every target and the whole run stand, folded from the events; the exit codes."""
