"""Ray clusters that are there already: which one, its nodes, and what they can reach."""
