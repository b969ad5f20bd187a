"""The edges: the outside world, one library or program per file, translated into nouns."""
