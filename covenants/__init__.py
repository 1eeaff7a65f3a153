"""One file per covenant template: its terms, what it measures, how it shows its working."""
