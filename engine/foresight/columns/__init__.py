"""Many paths at once.

Verdicts come from whole-number thresholds, states from the exact engine's own steps, each taken once.
"""
