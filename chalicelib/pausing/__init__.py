"""Pause and resume a job type: by an operator, or automatically while all its attempts fail."""
