"""The folder a user works in."""
