"""The checks of a deal file: one module for each kind of mistake."""
