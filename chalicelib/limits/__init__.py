"""Hold jobs back before they start: by a rate with turns, or to run only one job with the same key at a time."""
