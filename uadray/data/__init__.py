"""Cohorts of scans in, a store of slices out."""
