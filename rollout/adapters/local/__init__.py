"""This machine: processes, threads, shell commands, the login that runs us."""
