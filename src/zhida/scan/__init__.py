"""Rules over a whole population: lists of whom to visit, totals, reports, and what a reform would change."""
