"""Headroom: covenant and ABS trigger monitoring against a weekly GPU rental index."""

__version__ = "0.2.0"
