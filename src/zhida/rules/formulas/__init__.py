"""Formulas: what they are read into, their types and ranges, the graph of operations."""
