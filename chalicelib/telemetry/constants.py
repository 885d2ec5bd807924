"""Define the numbers of log lines and the masking of secrets. Times in seconds, sizes in bytes."""

# For capture.py
LONGEST_LINE = 8_000
BYTES_AT_ONCE = 65_536

# For logger.py
MOST_HELD = 1_000
"""Maximum lines that wait until it is known whether a job function only repeats them; older ones are left out."""

# For redaction.py
SHORTEST_SECRET = 4
"""Minimum characters of a masked value. A shorter value would match everywhere."""
SHORTEST_SECRET_LINE = 8
"""Minimum characters of a masked line of a value, or of a masked number in a document: a port or a year is not a
secret."""
