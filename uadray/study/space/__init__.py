"""What may be searched: choices, ranges and branches, and the points in them."""
