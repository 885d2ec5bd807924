"""Hold jobs back before they start: a rate, turns among waiting jobs, one at a time for a key."""
