"""Define the numbers of pauses. Times in seconds, sizes in bytes."""

# For circuit_breaker.py
ROW_FRESH = 1.0
"""Seconds for which a row that was read is used for further claims, before it is read again."""
SLOW_WHILE_PAUSED = 5.0
"""An invocation that holds messages waits once for this number of seconds. Otherwise the messages would soon have no
receives left, because Lambda delivers the next messages at once until the queue is disabled."""

# For every_minute.py
PROBE_CANDIDATES, PROBE_LOOKS = 1_000, 25
"""A probe is chosen at random among this number of waiting jobs, so that one bad job cannot keep a type paused. The
second number is how many of these jobs are read."""
LONGEST_PROBE_WAIT = 10.0
"""Maximum seconds that a run waits, in all, for slots of shared rates that are kept for probes."""
SAME_ORDER = 600.0
"""Seconds for which the lines of the limits of a paused type are looked at in the same order, if no job is tried."""

# For rule.py
FIRST_COOLDOWN, LONGEST_COOLDOWN = 60.0, 3600.0
"""Seconds from a pause to its first probe, and the maximum between two probes: each wait is twice as long as the wait
before."""
COOLDOWN_REMEMBERED = 3600.0
"""If another pause begins within this number of seconds after the end of a pause, the new pause begins with the last
cooldown."""
SWITCH_SURE = 130.0
"""Seconds after which no earlier run of the watchdog can still disable the queue: a run ends after 50 s."""

# For switch.py
MOST_PAST_PAUSES = 20
"""Number of ended pauses of a type that are shown."""
MOST_PAUSE_TRIES = 6
"""Maximum tries to write one change: the attempts of all workers of a type may fail within the same milliseconds."""
