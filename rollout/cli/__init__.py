"""The command line: commands, wiring, signals; it builds everything and decides nothing."""
