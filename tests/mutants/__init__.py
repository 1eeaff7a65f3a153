"""Mutation testing of the two rooms that decide: `make mutants` changes one operator at a time and asks
whether a test notices.
"""
