"""The journal: one file a run on this machine, from which a dead run can be seen to."""
