"""A five-year plan: read into indicators, commitments, projects and terms; checked against itself."""
