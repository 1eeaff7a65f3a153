"""Is the record still what it was?"""
