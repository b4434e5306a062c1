"""What must hold of a pack: worked cases, mutation, gaps."""
