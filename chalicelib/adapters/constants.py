"""Define the numbers of the adapters: requests to AWS, pages, caches. Times in seconds, sizes in bytes."""

from chalicelib.job_types.constants import LONGEST_WAIT
from chalicelib.jobs.retention import KEEP_DEAD

# For aws.py
CONNECT_TIMEOUT = 2
READ_TIMEOUT = 5
"""Seconds after which a request counts as lost: AWS answers the requests of all adapters within milliseconds."""
REQUEST_TRIES = 3
BRIEF_CONNECT, BRIEF_READ = 0.4, 0.6
"""Timeouts in seconds of a request that gets one try, because other requests need the time of the API's answer."""
MOST_CONNECTIONS = 50
"""Maximum number of connections to one AWS service that a process keeps."""

# For cloudwatch_logs.py
MOST_LOG_REQUESTS = 5
"""Maximum requests of one read. Each attempt needs its own requests, and CloudWatch may answer with empty pages."""
LOG_EVENTS_AT_ONCE = 100
ENOUGH_LOG_LINES = 100
"""Maximum number of lines in one request. A read also ends at this number of lines, so it returns fewer than 200. The
number must not change, because a token of CloudWatch Logs is valid only for the number that was requested."""
LOG_SLACK_MS = 60_000
LATE_LOG_MS = 15 * 60_000
"""Milliseconds after a job's end in which more log lines may appear: about a late attempt, or a dead message."""

# For dynamo/control/rate_windows.py
MOST_WINDOW_TRIES = 5
"""Maximum tries to begin a new window. If another request is faster, the next try finds its window, and only adds to
the count."""

# For dynamo/counting/canaries.py
CANARIES_AT_ONCE = 8
"""Canaries that are written at the same time, so that a slow DynamoDB leaves the watchdog time for its jobs."""

# For dynamo/counting/census.py
CENSUS_PAGE = 1000
"""Number of index entries in one query, about 130 KB."""
BATCH_GET = 100
"""Number of main items in one BatchGetItem: AWS's limit."""
UNREAD_TRIES = 8
UNREAD_PAUSE = 0.05
"""Seconds before the second try for items that DynamoDB did not read; doubled for each later try."""

# For dynamo/counting/counters.py
MOST_LITTER = 50
"""Number of attributes that one write removes, each with its condition."""
MOST_WRITES = 12
"""Maximum writes of one cleanup. These writes remove 600 attributes; the row of a busy type gets 600 outdated
attributes in three quarters of an hour."""

# For dynamo/counting/marks.py
SHARD_WRITTEN = 4.5 * 3600
"""Seconds after which a shard most likely gets no more writes. If a mark is moved earlier, later writes add it to the
row again."""
SHARD_QUIET = 1800.0
"""Seconds without a write after which a mark may be moved."""
CLOCK_SKEW = 900.0
"""Maximum seconds by which the clocks of functions and of DynamoDB may differ."""
MOST_MARKS_MOVED = 50
"""Maximum number of marks that one cleanup moves."""

# For dynamo/jobs/bodies.py
INLINE_PAYLOAD = 500
GROWTH_RESERVE = 304
"""Bytes by which the main item can grow: for the lease, times, request id and failure, and for one of these three: a
progress note, an error, a result."""
INLINE_RESULT = 150
"""Maximum bytes of a result in the main item. Such a result always fits into the reserve, because a completed job has
neither note nor error."""
LARGEST_ITEM = 300 * 1024
RENEW_WITHIN = KEEP_DEAD + LONGEST_WAIT
"""A payload is written again if it expires within this number of seconds: the attempt that reads it may be followed by
the longest wait, or end as a dead letter."""

# For dynamo/jobs/steps.py
INLINE_STEP = 1_024
"""Maximum bytes of a step's value in its row; a larger value is stored separately, and read only when the function asks
for it."""

# For dynamo/jobs/entries.py
FEW_PARTITIONS = 12
"""Up to this number of partitions are read one after the other; more are read in parallel."""
PARTITION_THREADS = 8
SWEEP_PAGES = 10
"""Maximum number of queries for one partition in one run of the watchdog, 1 MB each: about 35,000 entries."""

# For dynamo/jobs/pages.py
MOST_BATCH_GETS = 3
"""Maximum BatchGetItem requests for a page, with retries for items that DynamoDB did not read. Together with 4 queries,
a page takes at most 7 requests."""
ENTRIES_PER_FILTERED_JOB = 10
"""Number of entries that a shard reads for each wanted job, if the server filters some out."""
USUAL_PAGE = 20
"""Number of jobs on a page by default, and the smallest page size for the look-ahead of a search."""
LEAST_ENTRIES, MOST_ENTRIES = 200, 1000
"""Minimum and maximum number of entries per query. The minimum is the number for a page of 20 jobs in a shard of a
thousand jobs, so that a page costs the same read units in a table of any size."""
MOST_ENTRIES_OF_PAGE = 10_000
"""Maximum number of entries that one page reads in all partitions together: about 160 read units. Because of this
limit, a page may be shorter than requested."""

# For memory/jobs.py
CENSUS_PAGE_IN_MEMORY = 100

# For platform_log.py
PLATFORM_LOG_CONNECT_TIMEOUT, PLATFORM_LOG_READ_TIMEOUT = 0.4, 0.6
"""Timeouts in seconds, one second in total. The next attempt may lose this time, because it first reads in the log how
the last attempt ended."""
MOST_PLATFORM_LINES = 100
PLATFORM_LOG_SLACK_MS = 60_000
"""Milliseconds by which the clocks of Lambda and the worker may differ, and by which a line may be late."""

# For s3/files.py
LINK_SECONDS = 3600
FILE_READ_TIMEOUT = 20

# For s3/uploads.py
UPLOAD_LINK_SECONDS = 300

# For secret_store.py
SECRET_CACHED = 300
"""Seconds for which a value is cached; after that every process reads a rotated secret. A request costs $0.05 per
10,000 in Secrets Manager, and nothing for a standard parameter."""

# For sqs.py
DEAD_HIDDEN = 120
"""Seconds for which a peeked dead letter is hidden: longer than a sweep, so that every second run checks it."""
