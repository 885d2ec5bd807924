"""Retry, cancel or discard many jobs: the platform processes them in slices."""
