"""Define the numbers of the audit log."""

# For rule.py
MOST_LOOKED = 1000
"""Maximum number of rows that one request for the log reads: about 50 read units. The answer then has a cursor."""
LONGEST_NAME = 256
"""Maximum characters of a stored principal, label, id or correlation id."""

# For recording.py
MOST_NAMED = 100
"""Maximum number of listed jobs for which a request also writes an entry under the job. A request that lists more is
found by the histories of its jobs, as one with a filter."""
NAMED_AT_ONCE = 10
"""Number of these entries that are written at the same time."""

# For dynamo.py
SOON = 0.3
"""Seconds within which a write must have failed to be tried again. A write that hung is not repeated: the API has 29
seconds for its answer, and the limit of requests may have used 15 of them for the same table."""

# For refusals.py
MOST_REFUSAL_WRITES = 20
"""Maximum number of writes in a minute with which one process counts refused requests, however many there are. Half of
them are for known tokens, so that a flood from many addresses cannot hide a stolen token."""
REFUSAL_WRITES_OF_ONE = 2
"""Maximum number of these writes before one answer."""
REFUSAL_MINUTE = 60
"""Seconds that one count covers."""
