"""Define the numbers of schedules. Times in seconds, sizes in bytes."""

# For declared.py
SCHEDULES_PAGE = 100

# For editing.py
EDIT_TRIES = 5

# For firings.py
PORTIONS_AT_ONCE = 8
"""Maximum number of portions of schedules whose jobs are made at the same time."""
LONGEST_PROBLEM = 300
"""Maximum characters of the text that says why a firing made no job."""
WATCHDOG_RESERVE = 30.0
"""Seconds of the run that are reserved for the watchdog's other work."""

# For overlap.py
MOST_OVERLAP_STEPS = 1000
"""Maximum number of firings that one search passes over because they may not have run; each takes a read. A skipped
firing stores the job because of which it was skipped. So only cancelled firings, and firings whose workers were lost,
make a search long."""

# For rule.py
AHEAD = 120.0
"""Seconds before a firing in which its job is made: two runs of the watchdog fit into this time."""
LATE = 120.0
"""Seconds after which a firing without a job counts as missed: one or two runs of the watchdog may fail."""
CLOCKS_APART = 5.0
"""Seconds by which the clocks of two processes may differ, with a margin."""
MOST_LOOKED_FOR = 100
"""Maximum number of left-out firings whose jobs are read: this number of the first firings and the same number of the
last firings, with one request for each group."""
FIRST_PERIOD, PERIOD_GROWTH = 3_600.0, 8
"""Seconds of the first period that is searched for the last missed firings, and the factor by which each further period
is longer."""

# For schedule.py
MOST_SCHEDULES = 1_000
LONGEST_PAYLOAD = 8_192
"""Maximum bytes of a schedule's payload as JSON. The limit is low because the payload is written at each firing."""
MOST_RECENT_FIRINGS = 20
"""Number of firings that a schedule stores, to show how they ended."""
