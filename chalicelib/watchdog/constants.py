"""Define the numbers of the watchdog. Times in seconds, sizes in bytes."""

from chalicelib.job_types.retry import Backoff
from chalicelib.jobs.constants import DAY, SEND_GRACE
from chalicelib.jobs.retention import KEEP_MESSAGES

RETIRE_AFTER = 3_600.0
"""Seconds from the first check that finds the type of a job undeclared until the job is cancelled. This time allows a
rollback."""

# For entry/watchdog.py
LEFT_FOR_JOBS = 25.0
"""Seconds of a run that reading the members of batches leaves to everything else."""

# For dead_letter_rule.py
RESEND_PAUSE = Backoff(first=60, longest=960, jitter="none")
"""Seconds between two fresh messages of a job, after `first` is subtracted: the first message is sent at once, the next
ones after 60, 180, 420 and 900 seconds."""

# For dead_letters.py
MOST_SWEPT = 500
"""Maximum number of messages of one queue that a sweep checks. Each message takes one read of its job, and ten messages
take one receive request."""

# For growing_queues.py
GROWING_RUNS = 2
"""A queue is reported as growing if in this number of consecutive runs it was longer than in the run before. Runs are a
minute apart."""
LEAST_GROWING_QUEUE = 100
"""A queue with fewer messages is ignored: workers receive so few messages within seconds."""
GROWING_GAP = 150.0
"""Maximum seconds between two runs. After a longer time a run is missing, so the earlier depths are not used."""

# For quiet_queues.py
QUIET_EVERY = 5
"""Minutes between two reads of the depth of a queue that was empty and whose types have no unfinished job, as far as
the counters know: two SQS requests."""

# For pulse.py
PULSE_LATE = 45.0
"""Seconds after which the counters must have seen all canaries, or they are behind. They read the stream within
seconds, and the next run of the watchdog comes after a minute."""
PULSE_CANARIES = 16
"""Number of canaries of a run. In 1 of 100 minutes, none reaches a shard that has a quarter of the keys, as in a new
table; in 1 of 3 minutes, none reaches a shard that has 1/16 of the keys."""
PULSE_AGAIN = 600.0
"""Seconds after which canaries that were not all counted are replaced."""

# For trouble_rule.py
HOLD = 300.0
"""Seconds for which a trouble stays after its cause was last found: an alarm does not end between two causes."""
CALM = 900.0
"""Seconds without a trouble until a message says that it is over. A type that has a dead letter every few minutes makes
one message, not one or two for each dead letter."""
DUE_UNCLAIMED = 60.0
"""A function does not start if, for this number of seconds, a job has been due and no worker has claimed any. A cold
start takes a few seconds. A function that waits for fuller batches gets its `window` more."""
LEAST_OLD = 1_200.0
"""Minimum seconds after which a due job counts as old. A busy queue has shorter waits."""
MOST_IN_FLIGHT = 60_000
"""Half of the messages that a standard queue may have in flight. At 120,000, SQS delivers no more messages."""
RATIO_SECONDS, LEAST_ENDED, MOST_FAILED_PERCENT = 900.0, 20, 5.0
"""The share of failed jobs is measured over this number of seconds, if at least LEAST_ENDED jobs have ended; more than
MOST_FAILED_PERCENT is a trouble."""
DUE_READ = 500
"""Maximum number of jobs of a type that are read to find one that is due and unclaimed: those among whose messages SQS
delivers next, and as many scheduled and parked ones. Jobs that back off or run may come before it."""

# For spending.py
SWITCHED_AGAIN = 300.0
"""Seconds after the begin or the end of a pause of a type with a budget in which each run of the watchdog switches its
queue once more, to what the row of the pause says."""
PAUSES_LOOKED_AT = 20
"""Number of ended pauses of a type among which a run looks for a pause by its budget that an operator has ended."""

# For lookback.py
LOOKBACK_GAP = 300.0
"""After this number of seconds without a run, a process no longer uses what it stored in earlier runs. Runs are
normally a minute apart."""

# For waiters.py
MOST_WAITERS, MOST_TYPES_OF_WAITERS = 50, 3
"""Maximum number of suspended jobs, and of types, whose events a run reads to find those that woke nobody: about 300
read units. The next runs read the other types and jobs."""

# For rule.py
DOUBT_SLACK = 300.0
"""A waiting job is in doubt if workers have claimed jobs whose messages were sent at least this number of seconds after
the message of the waiting job. The margin is needed because SQS does not keep the exact order."""
MOVE_REACH = 3_600.0
"""Seconds after a type has moved to another queue: a job that is due later has no message on the former queue, because
a message is held for at most 15 minutes, and a lease is hardly longer."""
OLD_MESSAGE = KEEP_MESSAGES - DAY / 2
"""Age in seconds from which a waiting job is always in doubt, because SQS will soon delete its message."""
OLD_HELD_MESSAGE = 3_600.0
"""Age in seconds from which a job is in doubt if its message was already received. Such a message is normally received
again soon after the job's lease or backoff."""
PATIENCE = Backoff(first=300, longest=900, jitter="none")
"""Seconds between two re-sends of a message. The longest of these times is also the maximum time until the next check
of a job that waits normally."""
UNSENT_PATIENCE = Backoff(first=SEND_GRACE, longest=1_200, jitter="none")
"""Seconds between two tries of the first send."""
OLD_PATIENCE = Backoff(first=OLD_HELD_MESSAGE, longest=DAY / 2, jitter="none")
"""Seconds between two re-sends that have no other reason than the job's age."""

# For run.py
THREADS = 8
"""Maximum number of portions that are checked at the same time. Several are needed, because thousands of jobs may be
scheduled for the same minute."""
SWEEP_RESERVE = 15.0
"""Seconds of the run that are reserved for the dead-letter queues."""
STOP_BEFORE_END = 3.0
"""Seconds at the end of a run in which nothing more begins."""
LEAST_LIMITS_TIME = 4.0
"""Seconds of a run for the limits, also if very many jobs are due: otherwise places would not be handed on."""
LEAST_LIMIT_TIME = 2.0
"""Seconds that a run spends at most on a limit whose line is long, if very many limits have lines."""
MOST_SWEEPS = 4
"""Maximum sweeps of one dead-letter queue at the same time: together they check 2,000 messages of the queue in a
run."""

IDLE_EVERY = 10
"""Minutes between two searches of a type that shares a queue and has no unfinished jobs, as far as the counters know.
With other types of its queue, it costs nothing of its own while it is idle; a search takes 12 queries."""

# For search.py
MOST_LOOKS = 3_000
"""Maximum jobs in doubt of one type that a run checks."""
MOST_PLANNED = 12_000
"""Maximum scheduled and parked jobs of one type whose messages a run sends before their time. If 50,000 jobs are due at
once, five runs send their messages."""
MOST_CHECKED = 100_000
"""Maximum jobs of one type that a run reads to find unsent jobs."""
MOST_UNCOUNTED = 120_000
"""The same maximum while the counters cannot be read: a fifth more than the longest backlog in which every unsent job
must be found."""
MOST_SPANS = 24
"""Maximum spans of minutes with unsent jobs of one type that a run reads, with a query per shard. Later runs read the
other spans."""

# For sharing.py
JOBS_OF_HELPER = 1_000
"""Number of jobs that a run with helpers checks itself. Each helper gets the same number. These jobs need 2,200
requests, and a function of 512 MB (0.29 of a core) sends about a hundred requests a second."""
MOST_HELPERS = 12
"""Maximum number of helpers that a run starts. A run and its helpers check up to 13,000 jobs. A run finds up to 12,000
jobs of one type to send ahead, so 100,000 of them take nine runs."""
