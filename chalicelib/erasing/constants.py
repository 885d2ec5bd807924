"""Define the numbers of deletions and erasures. Times in seconds."""

SLICE = 100
"""Number of jobs after which progress is written."""
AT_ONCE = 8
"""Maximum number of jobs whose rows are removed at the same time."""
LEASE = 60.0
"""Seconds for which a worker owns an erasure after each slice."""
LATE_WRITES = 60.0
"""Seconds after the longest time that a worker of an ended job can still run. Before that, a worker that has lost the
job, or the stream, may still write rows for it, and nobody would find these rows."""
LOOK_AGAIN = 60.0
"""Seconds after which an erasure looks again at jobs that have not ended, and the shortest time from its start to the
beginning of its last search: the index may be that late."""
FAILED_PAUSE, LONGEST_PAUSE = 30.0, 900.0
"""Seconds until a slice with an error is tried again: doubled each time, up to the longest."""
MOST_HELD = 2 * SLICE
"""Number of jobs in hand from which an erasure searches for no more: their removal fails."""
MOST_IN_HAND = 4_000
"""Maximum number of jobs in hand, with copies: their ids and numbers are in the erasure's row, of 400 KB at most."""
MOST_SHOWN = 50
"""Maximum number of erasures in a list."""
