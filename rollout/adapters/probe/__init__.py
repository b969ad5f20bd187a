"""Asks an instance on its own port, on its own host: the proof that it can serve."""
