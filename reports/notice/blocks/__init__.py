"""The notice's blocks, a small module for each group.

Each turns a `Brief` into plain strings for the template.
"""
