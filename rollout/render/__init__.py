"""The voices: one stream of events, told as a table, as lines, as JSON, as a final account."""
