"""A look at every scan of a store, the most unusual first."""
