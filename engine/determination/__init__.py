"""What followed: the Reference Rate, a test's result, and the working that led to the result."""
