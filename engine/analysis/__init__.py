"""Tables for people: the record of a workspace as DataFrames, with exact figures beside floats."""

from engine.analysis.frames import Analysis, open_workspace

__all__ = ["Analysis", "open_workspace"]
