"""MLflow as the place to compare runs: a mirror of studies' folders, never in their way."""
