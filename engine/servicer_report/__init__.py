"""The servicer's report: reading it and judging what it says."""
