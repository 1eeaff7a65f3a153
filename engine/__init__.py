"""Headroom: covenant and ABS trigger monitoring against a weekly GPU rental index."""

__version__ = "0.1.0"
