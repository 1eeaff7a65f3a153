"""Which notices are due, what each one carries, and how one is verified alone."""
