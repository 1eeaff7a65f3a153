"""What the results of a date mean: states, clocks, counts, obligations and consequences."""
