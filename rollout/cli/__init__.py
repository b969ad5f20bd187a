"""The door: one file per command; builds everything, decides nothing."""
