"""Define the numbers of the counters, the health and the recount. Times in seconds, sizes in bytes."""

from chalicelib.jobs.constants import DAY

# For dear_runs.py
DEAR_RUNS = 10
"""Number of the longest runs that are kept for a type and day."""
LEAST_RUN_MS = 1_000
"""Milliseconds below which a run is not kept: a write for it would be a part of its price. The counters do not know the
memory of types; with 10 GB, a second costs $0.00013."""
MOST_FLOORS = 2_000
"""Number of days of types of which a process remembers how long a run must be."""
DEAR_PAUSE_S = 60
"""Seconds for which a process leaves out the longest runs of a type and day after an error, so that no batch waits."""

# For deploys.py
MOST_DEPLOYS = 12
"""Maximum number of stored deployments. The maximum is small, because every read of the totals also reads the row with
the deployments."""
LONGEST_VERSION = 40

# For fold.py
MOST_NUMBERS_OF_WRITE = 150
"""Maximum number of different counters that one write to one row changes: an update expression has at most 4 KB."""

# For health.py
GROWTH_MINUTES = 5
"""Number of whole minutes over which growth is measured, so that one large batch does not count as growth."""
LEAST_GROWTH = 1.0
"""Growth in jobs a minute below which a backlog counts as steady."""

# For history.py
MOST_POINTS = 1500
MOST_ROWS = 3000
"""Maximum number of stored buckets that one series sums for each type, and of hourly error groups that one answer
reads: about a megabyte, one or two requests."""
DEFAULT_SPAN = 3600.0
LONGEST_SPAN = 30 * DAY
MOST_ERROR_GROUPS = 100
OVERSLEPT_READ_AGAIN = 60.0
"""Seconds after which `health` looks again for suspended jobs that are overdue, if there are suspended jobs."""
MOST_OVERSLEPT = 100
"""Maximum number of overdue jobs of a type that `health` counts."""
MOST_WAITERS_READ = 50
"""Number of suspended jobs of all types of which `health` checks whether their events have come: one read for each."""
DEAD_LETTERS_PAGE = 100
MOST_DEAD_LETTERS_READ = 1000
"""Maximum number of dead letters that `health` reads: 10 pages, 50 requests. If there are more dead letters, `health`
does not report how many are acknowledged."""
DEAD_LETTERS_READ_AGAIN = 30.0
"""Seconds after which the dead letters are read again if their number has changed."""
DEAD_LETTERS_READ_ANYWAY = 300.0
"""Seconds after which the dead letters are read again even if their number is the same: one dead letter may have been
retried while another job became one."""

# For error_jobs.py
MOST_ERROR_JOBS = 1000
"""Maximum number of jobs that are counted for one error: 4 queries and 10 reads of a hundred jobs."""
ERROR_JOBS_READ_AGAIN = 30.0
"""Seconds after which the jobs of an error are counted again."""

# For marking.py
MOST_MARKS = 2_000
"""Maximum number of marks, because each request for error groups or for health reads all of them: 250 KB, one query."""

# For recounting/recount.py
CANARIES = 128
"""Number of canaries that a recount writes. In 1 of 4,000 nights, no canary reaches a shard that has 1/16 of the
keys."""
RECOUNT_EVERY = 20 * 3600.0
"""Seconds from the start of one run to the next: at least one run ends in each day that the alarm checks."""
RECOUNT_MARGIN = 300.0
"""Moves in this number of seconds before a run's start are counted too: the index may lack them, or clocks may
differ."""
RECOUNT_THREADS = 16
"""Maximum number of parts that are counted at the same time."""
RECOUNT_SPARE = 60.0
"""Seconds before the end of an invocation at which a run stops and stores its progress."""
CANARY_WAIT = 60.0
"""Seconds that one invocation waits for the canaries."""
CANARY_POLL = 1.0
CANARY_GIVE_UP = 26 * 3600.0
"""Seconds after which missing canaries can no longer arrive: the stream deletes its records after 24 hours."""
RECOUNT_PAGES = 20
"""Number of pages of 1,000 jobs between two writes of a part's progress."""

# For series.py
SPARKLINE_HOURS = 24
PACE_WINDOWS = (120, 300, 600)
"""Seconds before now over which the speed of a backlog is measured, the shortest first."""

# For snapshot.py
SNAPSHOT_CACHED = 1.0
"""Seconds for which a process caches an answer, so that many open dashboards cause no more reads than one."""
MOST_QUEUES_ASKED = 3
"""With at most this number of job types, the queues themselves are read, in two requests each. With more types, the
numbers of messages come from the counters of jobs. A read therefore takes at most 7 requests."""

# For stream.py
TIDY_EVERY = 60.0
"""Seconds after which a process cleans a type's row again. The row of a busy type gets 13 outdated attributes a
minute."""
TIDY_DAYS_EVERY = 900.0
"""Seconds after which a process cleans the row of a type's day again; in such a row, only marks become outdated."""
MOST_TIDIED = 2_000
"""Number of rows of which a process remembers when it has cleaned them: less than a megabyte."""
TENANTS_AT_ONCE = 8
"""Number of rows of tenants that a process writes at the same time."""

# For wait_times.py
FINE_WIDTH, MIDDLE_WIDTH, COARSE_WIDTH = 5, 60, 3_600
"""Seconds between two marks of a ruler. Each width is a divisor of the next width, so each mark is within a single mark
of the next coarser ruler."""
FINE_REACH, MIDDLE_REACH = 900, 4 * 3_600
"""Seconds for which the marks of a ruler are read. Beyond them, waits are as exact as the next coarser ruler."""
