"""Define the numbers of deletions and erasures. Times in seconds."""

JOBS = "jobs"
"""The mark of all deletions of single jobs; the others are ids of erasures."""
SLICE = 100
"""Number of jobs after which progress is written."""
AT_ONCE = 8
"""Maximum number of jobs whose rows are removed at the same time."""
LEASE = 60.0
"""Shortest seconds for which a worker owns an erasure, or the deletions; it owns them to the end of its invocation, and
gives them back before. With half of this time left it begins nothing new."""
LATE_WRITES = 120.0
"""Seconds after the longest time that a worker of an ended job can still run, and after the job was hidden. Before
that, a worker that has lost the job, a request, or the stream may still write rows for it that nobody would find.
`ends.constants.CHECKED_LATE` and the timeout of `followup` (60 s) are together less than this."""
FRESH = 60.0
"""Seconds for which a payload counts as just written: longer than a request needs from it to the row of its job."""
LOOK_AGAIN = 60.0
"""Seconds after which an erasure looks again at jobs that have not ended, and the shortest time from its start to the
beginning of its last search: the index may be that late."""
SHARE_OF_PAUSES = 0.1
"""Share of an erasure's age that passes between two searches while jobs wait; at most LONGEST_PAUSE."""
FAILED_PAUSE, LONGEST_PAUSE = 30.0, 900.0
"""Seconds until a slice with an error is tried again: doubled each time, up to the longest."""
MOST_HELD = 2 * SLICE
"""Number of jobs in hand from which an erasure searches for no more: their removal fails."""
MOST_IN_HAND = 4_000
"""Maximum number of jobs in hand, with copies: their ids and numbers are in the erasure's row, of 400 KB at most."""
MADE = ("processed", "reports")
"""Prefixes of the files bucket with files that job functions make, each below the id of its job."""
PREFIXES = ("payloads", "results", *MADE)
"""Prefixes of the files bucket below which objects are deleted."""
CLEAR_SLICE = 200
"""Number of clearings that are read together."""
WAITING_PAUSE, LONGEST_WAITING_PAUSE = 900.0, 21_600.0
"""Seconds after which a clearing looks again whether the jobs that may still read the result have ended: a tenth of the
time since the end of its job, within these bounds. The longest is shorter than `retention.CLEARED_BEFORE`."""
LONGEST_LOOK = 900.0
"""Seconds before the expiry of a job, whose type says how long it is kept, in which nothing of it is removed any more:
the longest run of a function. What is left then goes after the expiry."""
CLEAR_SHARE = 120.0
"""Seconds of an invocation in which clearings are processed before bulk actions and erasures, which may need all of
it."""
EXPIRED_ROWS = 20
"""Number of rows that are read together; each names up to a hundred jobs that have expired."""
MOST_FAILED = 100
"""Number of expired jobs in a row whose removal fails, after which the others wait for the next invocation."""
EXPIRED_SHARE = 300.0
"""Seconds of a nightly invocation in which what expired jobs have left is removed before the recount goes on."""
MOST_SHOWN = 50
"""Maximum number of erasures in a list."""
