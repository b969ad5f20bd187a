"""Speed, beside something else in the same run; nothing here is a test."""
