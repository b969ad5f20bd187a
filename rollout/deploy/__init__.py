"""A deploy: a release put in place on all hosts, made live, rolled back; read `deploy` first."""
