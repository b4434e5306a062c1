"""Persons by surrogate key, with what tells who they are sealed and found by keyed look-up."""
