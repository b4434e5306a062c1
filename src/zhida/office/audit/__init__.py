"""What was done, by whom, in which post: appended, never changed, chained by hashes. Decision 0016."""
