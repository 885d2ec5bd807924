"""Define the numbers of what an operator does with a job. Times in seconds, sizes in bytes."""

# For descendants.py
MOST_DESCENDANTS = 10_000
"""Maximum number of unfinished jobs that one request handles. Finished jobs are skipped, so a repeated request
continues."""
DESCENDANTS_IN_READ = 100
"""Number of jobs in one read."""

# For dispatch.py
STILL_SENDING = 5.0
"""Seconds for which an unsent job counts as being sent: a replay sends its message again only after that."""

# For operations.py
COPIED_AT_ONCE = 100
"""Number of kept steps that a retry from a step copies before it checks the time."""
ACT_TRIES = 3
"""Maximum tries of an operation on a job that other processes change at the same time; each try reads the job."""
REPEATED_WITHIN = 60.0
"""Seconds in which a second request to cancel a job counts as a repetition of the first, whose answer may be lost."""
CLOCKS_APART = 60.0
"""Seconds by which the clocks of two functions may differ, with a margin."""

# For tried.py
RUNS_APART = 60.0
"""Seconds between two runs of the watchdog."""
MOST_TRIED = 10
"""Maximum number of limits in whose lines the watchdog looks, in a minute, for a job of a paused type to try."""
MOST_LISTED = 100
"""Maximum number of limits of which it reads whether jobs of the type wait for them."""

# For reading.py
MOST_BEFORE = 100
"""Maximum number of jobs that are counted before a blocked job."""

# For limits.py
MOST_REQUESTS = 200
"""Number of requests after which an answer about many limits reads no row and no line of a limit any more."""
MOST_VALUES_SHOWN = 100
"""Maximum number of values for which jobs wait that an answer about limits has, besides those that are changed."""
MOST_CHANGED_VALUES = 100
"""Maximum number of values of one limit with a number of places of their own."""
MOST_IN_LINE_COUNTED = 100
"""Maximum number of blocked jobs that an answer about limits counts for a limit, or for a type in its line."""
MOST_IN_LINE_SHOWN = 10
"""Maximum number of blocked jobs of a type that an answer about a limit lists."""
LIMITS_CHANGED_WITHIN = 8.0
"""Seconds for which a request that changes a limit gives free places to blocked jobs. The watchdog goes on."""

# For long_blocked.py
BLOCKED_LONG = 3600.0
"""Seconds after which the first blocked job of a line is a finding."""
BLOCKED_READ_AGAIN = 60.0
"""Seconds for which one process remembers these findings."""
MOST_LINES_READ = 20
"""Maximum number of limits whose lines one look reads."""
FIRST_ROWS = 2
"""Number of first rows of a line that are read together."""

# For why_waiting.py
SLOW_SEND = 10.0
"""Seconds after which the explanation of a waiting job mentions that its message is unsent. Before that, an unsent
message is normal: the messages of a batch may be sent a moment after its jobs are stored."""
LONGEST_ERROR_SHOWN = 300
"""Maximum bytes of an error in the explanation why a job waits."""

# For posting.py
LARGEST_EVENT = 32 * 1024
"""Maximum bytes of the data of an event, as JSON."""
AFTER_THE_REQUEST = 35
"""Seconds until the job's spare message is visible: the request that posts the event has ended by then, however it
ended (API Gateway allows it 29 s). A worker that receives the message checks whether the event has come."""
