"""Floor 0: identifiers, months, money, divisions and working days, with their checks. Knows nothing else."""
