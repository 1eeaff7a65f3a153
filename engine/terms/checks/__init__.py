"""What is wrong with a deal file: one module for each kind of mistake."""
