"""Define the numbers of keys: unique, debounce, Idempotency-Key. Times in seconds, sizes in bytes."""

from chalicelib.jobs.constants import DAY

# For repeated_requests.py
FEWEST_KEY_TRIES, MOST_KEY_TRIES = 3, 50
"""Minimum and maximum tries of a request for a key that other requests change at the same time. The maximum is usually
not reached within TIME_TO_ACT."""
FIRST_KEY_PAUSE, LONGEST_KEY_PAUSE = 0.05, 0.5
"""Maximum seconds between two tries, doubled after each. The pauses are random, so that the requests do not all try
again at once."""

# For rule.py
LONGEST_DEBOUNCE = int(DAY)
