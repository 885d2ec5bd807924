"""Define how long everything is kept: jobs and their data, other rows, messages, files. Times in seconds.

For logs see the stage's parameter LogRetentionDays.
"""

from chalicelib.jobs.constants import DAY, LONGEST_RUN, MAX_DELAY

KEEP_DONE = 30 * DAY
"""How long a completed or cancelled job is kept, and the files that it made."""
KEEP_DEAD = 90 * DAY
"""How long a failed or dead-lettered job is kept: an operator may still retry it."""
KEEP_BODIES = 180 * DAY
"""How long payloads, results and attempts outside of the job's row are kept: longer than any ended job."""
KEEP_KEYS = 7 * DAY
"""How long the row of a key is kept after the time of the key's job."""
KEEP_WAITING_KEYS = LONGEST_RUN + KEEP_KEYS
"""How long the row of a debounce key is kept after the job's time. The job may wait longer than that time, because its
type may be paused."""
LEAST_KEPT = KEEP_KEYS
"""The shortest time for which a type may keep its finished jobs: as long as the rows of keys that name them. So a
request that is repeated within days finds its job, and a function that is continued within days finds what it made."""
LEAST_DATA = 3600.0
"""The shortest time for which a type may keep payloads of finished jobs: what follows an end may read the result."""
CLEARED_BEFORE = DAY
"""Seconds before the expiry of a job, whose type says how long it is kept, in which all that is beside its row is
removed. Until the expiry no other job can get its id. AWS may refuse for so long; what is left then goes in the night
after the expiry."""
KEEP_COUNTERS = 90 * DAY
"""How long minute, hour and day buckets are kept, hourly error groups and their marks, and ended pauses."""
KEEP_SHARD_MARKS = 2 * DAY
"""How long the mark of a stream shard is kept after the shard's start: a shard is written for hours, and can be read
for a day more."""
KEEP_RECOUNTS = 7 * DAY
"""How long the count of a recount's passed canaries is kept."""
KEEP_AUDIT = 400 * DAY
"""How long an entry of the audit log is kept, and a count of refused requests."""
KEEP_ERASING = 30 * DAY
"""How long at least the row of a job is kept that is being removed: until then, its other rows can be found."""
KEEP_ERASURES = 400 * DAY
"""How long it is kept what was erased, so that no restore brings it back: longer than any backup is useful."""
KEEP_BULK = 30 * DAY
"""How long a bulk action and its result are kept."""
KEEP_BATCHES = 90 * DAY
"""How long a batch and its rounds are kept after the end of its last round."""
KEEP_WEBHOOK_STATES = 30 * DAY
"""How long the state of a webhook's receiver is kept without a change, unless its webhook is disabled."""
KEEP_TOKENS = 90 * DAY
"""How long a token's row is kept after the token has expired."""
KEEP_SESSIONS = DAY
"""How long the row of a session is kept after the session has expired."""
KEEP_USES = 400 * DAY
"""How long the time of a token's last use is kept."""
KEEP_FAILURES = 7 * DAY
"""How long the last failures of a type that pauses automatically are kept, counted from the newest failure."""
KEEP_LIMITS = LONGEST_RUN + 30 * DAY
"""How long the places of a limit are kept after the last job took one or began to wait, and a row of its line: longer
than a job may wait for another limit while it keeps its place."""
KEEP_QUOTAS = 3 * DAY
"""How long the used amount of a daily quota is kept after the day began: long enough to find out why mail was held."""
KEEP_MARKS = DAY
"""How long rows are kept that are needed only for one run or a short time: a recount's canaries, a plan of starts, the
mark of a closed bulk action or of a reopened error group, the state of a deleted webhook."""
KEEP_WINDOWS = 60
"""How long the request counts of an address are kept, after the window that they are compared with."""
KEEP_MESSAGES = 4 * DAY
"""How long a queue keeps a message that is not received; after this time, SQS deletes it."""
KEEP_DEAD_MESSAGES = 14 * DAY
"""How long a dead-letter queue keeps a message, from the time at which it was first sent: SQS's maximum."""
FILES_SPARE = 7 * DAY
"""Extra time for waiting and running, and for the day or two that DynamoDB needs to delete expired rows."""
KEEP_FILES = {
    "uploads/": MAX_DELAY + KEEP_DEAD + FILES_SPARE,
    "processed/": KEEP_DONE + FILES_SPARE,
    "reports/": KEEP_DONE + FILES_SPARE,
    "results/": KEEP_BODIES,
    "payloads/": MAX_DELAY + KEEP_BODIES,
}
"""How long objects are kept, by their prefix. Payloads and results are kept longer than their jobs, in S3 and in the
table. In the table, this time counts from the first use of a payload or result. A payload and an upload are kept for
the year in which their job may wait, and after that as long as a failed job can be retried. The files that a job made
are kept as long as the job's result names them."""
RENEW_BODIES_AFTER = 60 * DAY
"""Age in seconds of a job from which its separate payload is renewed, so that the payload outlives the job: a retry
writes a payload in S3 again, and a wait without a claim renews a payload in the table."""
