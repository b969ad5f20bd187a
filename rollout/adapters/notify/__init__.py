"""Tells others of a run: commands of the operator's, a webhook, the file for Prometheus."""
