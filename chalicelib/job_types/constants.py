"""Define the numbers of what `@job` accepts, and its defaults. Times in seconds, sizes in bytes."""

from chalicelib.jobs.constants import DAY

DELIVER = "webhook.deliver"
"""The job type that delivers to webhooks. A stage has webhooks if it has this type."""
OF_PLATFORM = frozenset({DELIVER})
"""Job types whose jobs only the platform makes: a caller that could make one would have any message signed."""
OF_BATCH = "batch:"
"""Beginning of the tag with the id of the batch whose end a delivery reports."""
MAX_ATTEMPTS_CAP = 30
"""Maximum attempts of one run."""
SPARE_RECEIVES = 2
"""A message may be received this number of times more than the type has attempts. If faults of the platform use up
these receives, SQS moves the message to the dead-letter queue, and the watchdog sends a new message."""
MOST_RECEIVES = 1_000
"""Maximum receives of one message of a type with `serial_by`: the limit of SQS. It is this high because a new message
would come after the messages of the same key that arrived meanwhile."""
LONGEST_TURN_WAIT = 5.0
"""Maximum seconds that a job waits for its start within an invocation. For a longer wait, SQS or the watchdog delivers
its message later."""
DEFAULT_WARN = 0.8
LEAST_WARN = 0.01
"""Share of the budget of a day from which a type is reported, and its minimum."""
LEAST_PER_DAY, MOST_PER_DAY = 0.000_001, 1_000_000
"""Minimum and maximum dollars of a budget of a day."""
LEAST_URGENT_CONCURRENCY = 4
"""Minimum concurrency of a type with two queues: Lambda polls each queue with two invocations at least."""
LONGEST_NAME = 40
"""Maximum characters of a job type's name, because the name is a part of the names of queues and functions."""
LONGEST_SCHEDULE = LONGEST_NAME + 21
"""Maximum characters of a schedule's id, which usually begins with the name of its job type."""
LONGEST_QUEUE_NAME = 34
"""Maximum characters of a shared queue's name: with its prefix it is as long as the longest name of a type."""
SAFETY = 5.0
"""Seconds of a function's timeout that are reserved for receiving, claiming and settling."""

# For at_most.py
MOST_PLACES = 100
"""Maximum number of jobs that a limit lets run at once: all of them are in one row of the control table."""
FASTEST_LIMIT, SLOWEST_LIMIT = 50.0, 5 / 3600
"""Maximum and minimum number of starts per second of a rate in `limits`: a turn of a faster one would come after its
slot, and of a slower one hours before it."""
MOST_LIMITS = 4
"""Maximum number of limits of a type."""
LONGEST_SHARED = 40
"""Maximum characters of the name of a shared limit."""

# For checks.py
LONGEST_TAG = 40

# For cron.py
LONGEST_CRON = 100
"""Maximum characters of a cron expression: reading takes time in proportion to the length."""
LONGEST_ZONE = 40
SHORTEST_EVERY, LONGEST_EVERY = 10, 86_400
"""Minimum and maximum seconds between two firings of a schedule such as `@every 20s`. With the minimum, 12 jobs are
made ahead (two minutes), and the 20 firings that a schedule stores cover the last three minutes."""
MOST_FIRINGS_SEARCHED = 1_000
"""Maximum number of firings that a search skips because they are before the requested time. At a clock change, the
repeated hour has at most 60 of them."""

# For example.py
DEEPEST_EXAMPLE = 8
"""Maximum levels of nested models in an example. The example of a recursive model ends at this level."""

# For failing.py
DEFAULT_FAILURES, MOST_FAILURES = 20, 50
DEFAULT_WITHIN, SHORTEST_WITHIN, LONGEST_WITHIN = 300, 10, int(DAY)

# For function.py
MEMORY_MB = (128, 10_240)
DEFAULT_MEMORY_MB = 512
LARGEST_BATCH = 10
MOST_THREADS = 8
"""Maximum threads of a function. Python runs the code of one thread at a time, so more would only help functions that
do nothing but wait, and each would put one more attempt at risk if the process ends."""
LONGEST_WINDOW = 300
MOST_CONCURRENCY = 1000
MOST_LAYERS = 5
EPHEMERAL_MB = (512, 10_240)
"""Minimum and maximum MB of /tmp that Lambda allows; the minimum costs nothing."""

# For jobtype.py
DEFAULT_ATTEMPTS = 3
DEFAULT_TIMEOUT, LONGEST_TIMEOUT = 60, 900
SHORTEST_BUDGET = 0.1
DEFAULT_CONCURRENCY = 20

# For moved.py
LONGEST_VALUE_SHOWN = 40

# For rate.py
FASTEST_RATE, SLOWEST_RATE = 500.0, 1 / 3600
"""Maximum and minimum number of starts per second; each start writes to one row, and DynamoDB accepts 1,000 writes a
second to one row."""
MOST_LATE_START = 2.0
LATE_START_SHARE = 0.05
"""A start may be late by this share of `per`, at most MOST_LATE_START seconds; the time between slots allows for
that."""
TURNS_APART = 1.01
"""The time between turns is the time between slots multiplied by this factor, because some slots stay unused."""

# For retry.py
DEFAULT_FIRST, DEFAULT_FACTOR, DEFAULT_LONGEST = 2, 2, 3600
"""The waits between attempts of a type that declares none: the first wait, the factor from each wait to the next, and
the longest wait."""
LARGEST_FACTOR = 10
LONGEST_WAIT = int(7 * DAY)
"""Maximum seconds of one wait, from a curve or from RetryLater."""

# For schedule.py
MOST_CAUGHT_UP = 100
