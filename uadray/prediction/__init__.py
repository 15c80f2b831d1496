"""A model applied to scans: results in the space of each scan, as BIDS derivatives."""
