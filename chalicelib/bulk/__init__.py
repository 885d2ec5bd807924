"""Retry, cancel or discard many jobs: worked off by the platform in slices."""
