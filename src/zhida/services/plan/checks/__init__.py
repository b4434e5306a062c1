"""What is checked in a plan: one module for each family of findings."""
