"""Checks whether a record is still what it was when it was written."""
