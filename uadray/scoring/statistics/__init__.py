"""How sure results are, and which of several is better: intervals, tests, ranks, all over patients."""
