"""The lock of an app: acquired, waited for, taken over from a dead run."""
