"""Define the limits that several modules share, each once. Times in seconds, sizes in bytes. Pure."""

LEASE_SLACK = 5.0
"""Seconds by which a lease is longer than the invocation, so that no holder can still write after it."""


DAY = 86_400.0

LONGEST_RUN = 90 * DAY
"""Maximum sum of all waits of one run. Data that a run needs is kept longer (KEEP_BODIES)."""
MAX_DELAY = int(365 * DAY)
"""Seconds from a request to the time of its job, at most."""

# How long everything is kept: jobs and their data, other rows, messages, files. For logs see the stage's parameter
# LogRetentionDays.
KEEP_DONE = 30 * DAY
"""A completed or cancelled job, and the files that it made."""
KEEP_DEAD = 90 * DAY
"""A failed or dead-lettered job: an operator may still retry it."""
KEEP_BODIES = 180 * DAY
"""Payloads, results and attempts outside of the job's row: kept longer than any ended job."""
KEEP_KEYS = 7 * DAY
"""A row that says which job belongs to a key, after the job's time."""
KEEP_WAITING_KEYS = LONGEST_RUN + KEEP_KEYS
"""The row of a debounce key, after the job's time: the job may wait longer, because its type may be paused."""
KEEP_COUNTERS = 90 * DAY
"""Minute, hour and day buckets, hourly error groups and their marks, and ended pauses."""
KEEP_SHARD_MARKS = 2 * DAY
"""The mark of a stream shard, after the shard's start: a shard is written for hours, and readable for a day more."""
KEEP_RECOUNTS = 7 * DAY
"""The count of a recount's passed canaries."""
KEEP_BULK = 30 * DAY
"""A bulk action and its result."""
KEEP_TOKENS = 90 * DAY
"""A token's row after its expiry."""
KEEP_FAILURES = 7 * DAY
"""The last failures of a type that pauses automatically, after the newest of them."""
KEEP_QUOTAS = 3 * DAY
"""The used amount of a daily quota, after the day began: long enough to find out why mail was held back."""
KEEP_MARKS = DAY
"""Rows that are needed only for one run or a short time: a recount's canaries, a plan of starts, the mark of a closed
bulk action or of a reopened error group."""
KEEP_WINDOWS = 60
"""The request counts of an address, after the window that they are compared with."""
KEEP_MESSAGES = 4 * DAY
"""A message that is not received: its queue drops it."""
KEEP_DEAD_MESSAGES = 14 * DAY
"""A dead letter, from the time at which it was first sent: SQS's maximum."""
FILES_SPARE = 7 * DAY
"""Extra time for waiting and running, and for the day or two that DynamoDB needs to delete expired rows."""
KEEP_FILES = {
    "uploads/": MAX_DELAY + KEEP_DEAD + FILES_SPARE,
    "processed/": KEEP_DONE + FILES_SPARE,
    "reports/": KEEP_DONE + FILES_SPARE,
    "results/": KEEP_BODIES,
    "payloads/": MAX_DELAY + KEEP_BODIES,
}
"""Objects, by their prefix. Payloads and results outlive their jobs, like those in the table; the age of those in the
table counts from their first use. Like a payload, an upload is kept for the year in which its job may wait; after that,
it is kept as long as a failed job can be retried. A job's files are kept as long as its result names them."""

RENEW_BODIES_AFTER = 60 * DAY
"""For a job of at least this age, a retry writes the payload in S3 again, and a wait without a claim reads the separate
payload."""
MAX_ATTEMPTS_CAP = 30
MOST_HISTORY = 200
"""The history of one job shows this number of its newest attempts or acts: a job that waits for its key has
thousands."""
MOST_CLAIMS = 10_000
"""Maximum claims of one run, so that a job also ends if it is deferred again and again."""
GIVE_UP_STALLED = DAY
"""Seconds after which a job that the platform keeps from running (an outage, a deleted queue) is given up."""
SPARE_RECEIVES = 2
"""A message may be received this often in addition to the type's attempts. If faults of the platform use up more
receives, the message is in the dead-letter queue, and the watchdog sends a fresh one."""
MOST_RECEIVES = 1_000
"""Maximum receives of one message of a key (`serial_by`): SQS's own limit. A fresh message would come after those that
arrived meanwhile."""
LONGEST_TURN_WAIT = 5.0
"""Seconds that a job waits for its start within an invocation; for a longer wait SQS or the watchdog is used."""

SEND_GRACE = 60.0
"""Seconds before the watchdog checks why no worker has claimed a job."""
LOOK_AHEAD = 840.0
"""The message of a scheduled or parked job is sent this long before its time, with the rest as its delay.

SQS allows one minute more. Jobs that are due at the same moment are thus sent over a period of 14 minutes.
"""
RETIRE_AFTER = 3_600.0
"""A job is cancelled this long after its type was first seen to be undeclared, to leave time for a rollback."""
SQS_LONGEST_DELAY = 900
"""SQS's own limit on `DelaySeconds`:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-timers.html"""
FIFO_ENDING = ".fifo"
"""Suffix of the name of each FIFO queue, which SQS requires."""
LONGEST_NAME = 40
"""Characters of a job type's name: it is part of the names of queues and functions."""
MOST_TAGS = 10
"""Tags of one job."""
TIME_TO_ACT = 10.0
"""Seconds after which a request about many jobs starts no further job. An AWS request that is still running may take 18
s more (three tries of 5 s, and the pauses between them), and API Gateway waits for 29 s."""
LARGEST_REQUEST = 256 * 1024
"""Bytes of the body of a request to the API."""
LARGEST_UPLOAD = 10 * 1024 * 1024
"""Bytes of an uploaded file."""
LARGEST_BODY = 5_000_000
"""Maximum characters of a result, or of the payload of a child job, when it is JSON text within JSON. The API's
function returns its answer in this form, and may return 6 MB. Larger data belongs in S3."""
SAFETY = 5.0
"""Seconds of a function's timeout that are reserved for receiving, claiming and settling."""
