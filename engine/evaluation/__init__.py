"""What it means: states, clocks, counts, obligations and consequences."""
