"""The verifier as a program of its own, which needs neither the record's database nor what draws pages."""
