"""Limits that several modules keep to, each written once. Times in seconds, sizes in bytes. Pure."""

LEASE_SLACK = 5.0
"""Seconds a lease outlives the invocation: no holder can still be writing then."""


DAY = 86_400.0

LONGEST_RUN = 90 * DAY
"""Waits of one run together, unless it is given up before: what a run needs is kept longer (KEEP_BODIES)."""
MAX_DELAY = int(365 * DAY)
"""Seconds from a request to the time of its job."""

# How long everything is kept: jobs and what belongs to them, other rows, messages, files. Logs: the stage's parameter
# LogRetentionDays.
KEEP_DONE = 30 * DAY
"""A completed or cancelled job, and the files it made."""
KEEP_DEAD = 90 * DAY
"""A failed or dead-lettered job: an operator may still retry it."""
KEEP_BODIES = 180 * DAY
"""Payloads, results and attempts beside the job: longer than any job that has ended."""
KEEP_KEYS = 7 * DAY
"""A row that says which job holds a key, after its time."""
KEEP_WAITING_KEYS = LONGEST_RUN + KEEP_KEYS
"""The row of a debounce key, after the time that its job was to run: its type may be paused then."""
KEEP_COUNTERS = 90 * DAY
"""Minute, hour and day buckets, hourly error groups and the marks on them, and pauses that have ended."""
KEEP_SHARD_MARKS = 2 * DAY
"""How far a shard of the stream is counted, after its birth: it is written for hours, and kept for a day."""
KEEP_RECOUNTS = 7 * DAY
"""How many canaries of a recount the stream has passed."""
KEEP_BULK = 30 * DAY
"""A bulk action and its result."""
KEEP_TOKENS = 90 * DAY
"""A token's row after its expiry."""
KEEP_FAILURES = 7 * DAY
"""The last failures of a type that may be paused by itself, after the newest of them."""
KEEP_QUOTAS = 3 * DAY
"""The amount taken of a daily quota, after the day began: long enough to look up why mail was held back."""
KEEP_MARKS = DAY
"""Rows that only a run or a moment needs: a recount's canaries, a plan of starts, the mark of an open bulk action, or
of a group of errors that was opened again."""
KEEP_WINDOWS = 60
"""An address's requests, after the window that they are compared with."""
KEEP_MESSAGES = 4 * DAY
"""A message that nobody receives: its queue drops it."""
KEEP_DEAD_MESSAGES = 14 * DAY
"""A dead letter, from the time at which it was first sent: the longest SQS has."""
FILES_SPARE = 7 * DAY
"""For waiting, running, and the day or two that DynamoDB takes to delete what has expired."""
KEEP_FILES = {
    "uploads/": MAX_DELAY + KEEP_DEAD + FILES_SPARE,
    "processed/": KEEP_DONE + FILES_SPARE,
    "reports/": KEEP_DONE + FILES_SPARE,
    "results/": KEEP_BODIES,
    "payloads/": MAX_DELAY + KEEP_BODIES,
}
"""Objects, by their prefix. Bodies outlive jobs as those in the table do, whose age counts from when they are first
needed; an upload waits a year for its job as a payload does, and then as long as a failed job can be retried; what a
job made is there as long as its result names it."""

RENEW_BODIES_AFTER = 60 * DAY
"""Age of a job from which a retry writes its payload in S3 again, and a wait without a claim looks at one beside it."""
MAX_ATTEMPTS_CAP = 30
MOST_HISTORY = 200
"""Attempts, or acts of operators, that are told of one job, the newest: one that waits for its key has thousands."""
MOST_CLAIMS = 10_000
"""Claims of one run: a job that is deferred for ever still ends."""
GIVE_UP_STALLED = DAY
"""A job that the platform keeps from running (an outage, a queue that is gone) is given up after this long."""
SPARE_RECEIVES = 2
"""Receives of one message beyond the type's attempts. Faults of the platform may use up more: the message is then in
the dead-letter queue, and the watchdog sends a fresh one."""
MOST_RECEIVES = 1_000
"""Receives of one message of a key (`serial_by`), which is SQS's own limit: another message would lie behind those that
came meanwhile."""
LONGEST_TURN_WAIT = 5.0
"""Seconds that a job waits for its start within an invocation; a longer wait is SQS's, or the watchdog's."""

SEND_GRACE = 60.0
"""The watchdog leaves a job alone for this long before it asks why no worker has claimed it."""
LOOK_AHEAD = 840.0
"""The message of a scheduled or parked job is sent this long before its time, with the rest as its delay.

As early as SQS allows, less a minute of margin: jobs that are due at one moment are then sent over 14 minutes."""
RETIRE_AFTER = 3_600.0
"""A job is cancelled this long after its type was first seen to be undeclared: a rollback comes sooner."""
SQS_LONGEST_DELAY = 900
"""SQS's own limit on `DelaySeconds`:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-timers.html"""
FIFO_ENDING = ".fifo"
"""Ends the name of each FIFO queue: SQS asks for it."""
LONGEST_NAME = 40
"""Characters of a job type's name: it is part of the names of queues and functions."""
MOST_TAGS = 10
"""Tags of one job."""
TIME_TO_ACT = 10.0
"""Seconds after which a request about many jobs begins with no further one: a call to AWS that has begun may take 18
more (three tries of 5 s and the pauses between), and API Gateway waits for 29."""
LARGEST_REQUEST = 256 * 1024
"""Bytes of the body of a request to the API."""
LARGEST_UPLOAD = 10 * 1024 * 1024
"""Bytes of a file that is uploaded for a job."""
LARGEST_BODY = 5_000_000
"""Characters of a result, or of the payload of a job that another job makes, as JSON within JSON, in which the API's
answer leaves its function: at most 6 MB. Larger data belong into S3."""
SAFETY = 5.0
"""Seconds of a function's timeout that are kept for receiving, claiming and settling."""
