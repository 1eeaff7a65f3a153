"""What was seen in the market: snapshots, listings, observations, and the index computed from them."""
