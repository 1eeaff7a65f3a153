"""Many paths at once: verdicts by whole-number thresholds, states by the exact engine's own steps, each taken once."""
