"""The steps from a scan to slices in [0, 1]; one step, one file."""
