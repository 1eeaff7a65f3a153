"""How a notice reaches its addressees, and what the record says of it."""
