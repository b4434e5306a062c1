"""A pack's rules for one month as one graph, ready for either evaluator."""
