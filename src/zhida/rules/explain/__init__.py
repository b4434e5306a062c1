"""The interpreter over one household, and its answers in words."""
