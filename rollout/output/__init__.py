"""Output for a terminal, a log, cron and programs: one stream of events, several renderers."""
