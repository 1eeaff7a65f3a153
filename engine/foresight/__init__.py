"""What a deal would have done, and would do."""
