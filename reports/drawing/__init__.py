"""Charts and marks."""
