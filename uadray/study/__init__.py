"""The search over configurations, and what is done with its result."""
