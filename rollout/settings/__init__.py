"""Everything an operator may say, with units: from flags, the environment and a file."""
