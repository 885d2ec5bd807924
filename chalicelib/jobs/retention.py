"""Define how long everything is kept: jobs and their data, other rows, messages, files. Times in seconds.

For logs see the stage's parameter LogRetentionDays.
"""

from chalicelib.jobs.constants import DAY, LONGEST_RUN, MAX_DELAY

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
"""A message that is not received; after this time, SQS deletes it."""
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
