"""What a deal would have done on past rates, and what it would do on future ones."""
