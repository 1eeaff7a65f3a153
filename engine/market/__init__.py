"""What was seen: snapshots, listings, observations, and the index computed from them."""
