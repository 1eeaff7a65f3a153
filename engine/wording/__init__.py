"""The deal in plain English."""
