"""The speed table: ratios of ways to do one thing, measured interleaved in one run."""
