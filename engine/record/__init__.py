"""What is written: events, the append-only log, and its proof."""
