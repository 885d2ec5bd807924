"""Requests that the API of a stage takes; API Gateway answers what is beyond with 429."""

RATE = 200
BURST = 400
"""Requests a second that API Gateway lets through to each method of each path, for everybody together, and how many at
once. The account has a limit for all of them (10,000 a second by default)."""
