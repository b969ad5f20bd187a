"""The voices: one stream of events, read aloud for a terminal, for cron, for machines."""
