"""From a model and slices to trained weights, on one process or many."""
