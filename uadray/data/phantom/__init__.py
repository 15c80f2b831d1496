"""The embedded demo cohort: brains that nobody has, with lesions whose every voxel is known."""
