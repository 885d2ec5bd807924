"""Hold jobs back before they start: by a rate, with turns for waiting jobs, or to run one job of a key at a time."""
