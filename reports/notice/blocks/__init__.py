"""The notice's blocks, one small module per group: each turns a `Brief` into plain strings for the template."""
