"""Count the members of batches that have ended, and make one job when all of them have ended."""
