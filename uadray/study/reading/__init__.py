"""From a YAML file and the command line to a plan, and what editors need to know of it."""
