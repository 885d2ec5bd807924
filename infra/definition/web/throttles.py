"""Set the request limit of a stage's API; API Gateway answers 429 above it."""

RATE = 200
BURST = 400
"""Requests per second that API Gateway accepts for each method of each path, for all callers together, and the burst.
The account has a limit for all APIs (10,000 a second by default)."""
