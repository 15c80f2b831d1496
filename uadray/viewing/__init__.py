"""What a model found in a scan, to look at: a picture, and a page that needs nothing else."""
