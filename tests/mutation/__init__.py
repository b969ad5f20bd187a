"""Safety lines taken out one by one: each must turn a scenario red.  ``make mutants``."""
