"""Where the code comes from: a git mirror on each host, a push from here, or an artifact."""
