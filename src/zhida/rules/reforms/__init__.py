"""Overrides laid over a pack."""
