"""Safety lines taken out one by one: each must turn a story red.  ``make mutants``."""
