"""The summary at the end of a run, for people: what the fleet looks like, and what to type."""
