"""What all services share: the database and the office's Django apps, each of one shape."""
