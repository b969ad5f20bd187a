"""Monit as text: command lines out, printed blocks in; nothing here talks to anybody."""
