"""Set the default of the request limit of a stage's API; API Gateway answers 429 above it."""

RATE = 200
BURST = 400
"""Requests per second, and in a burst, that API Gateway accepts from all callers together, unless `ApiRate` and
`ApiBurst` say otherwise. The account has another limit for all its APIs (10,000 a second by default)."""
