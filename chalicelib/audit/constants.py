"""Define the numbers of the audit log."""

# For rule.py
MOST_LOOKED = 1000
"""Maximum number of rows that one request for the log reads: about 50 read units. The answer then has a cursor."""
LONGEST_NAME = 256
"""Maximum characters of a stored principal, label, id or correlation id."""

# For refusals.py
MOST_REFUSAL_WRITES = 20
"""Maximum number of writes in a minute with which one process counts refused requests, however many there are."""
REFUSAL_MINUTE = 60
"""Seconds that one count covers."""
