"""Define list prices, and what one job needs of AWS. `make cost` (`infra/cloud/cost`) computes with the same numbers.

Prices are list prices of us-east-1 in US dollars, without free allowances, as of PRICES_VERSION, from the pricing pages
of AWS Lambda, Amazon SQS, Amazon DynamoDB, Amazon API Gateway and Amazon CloudWatch. If you change a price, change the
version. Tests count the requests, write units and bytes.
"""

REGION = "us-east-1"
PRICES_VERSION = "2026-11"
MILLION = 1_000_000

# Dollars for a million requests, units or GB-seconds
API_REQUEST = 1.00
LAMBDA_REQUEST = 0.20
LAMBDA_GB_SECOND = 13.3334
"""Of functions on arm64, which all functions of a stage are."""
SQS_REQUEST = 0.40
SQS_FIFO_REQUEST = 0.50
SQS_FAIR_REQUEST = 0.10
"""Added to the price of a request to a standard queue when its messages have a group (fair queues)."""
WRITE_UNIT = 0.625
READ_UNIT = 0.125
# Dollars for a GB, or for a GB and month
LOG_GB = 0.50
TABLE_GB_MONTH = 0.25
RECOVERY_GB_MONTH = 0.20

# What a job needs
PUT_UNITS = 3
COMPLETED_UNITS = 3
"""Write units of storing a job, and of an attempt that completes: the claim 1, the end 2."""
FAILED_UNITS = 4
"""Write units of an attempt that ends in another way: the claim 1, the attempt's own row 1, the change of the job 2.
The second failure of a kind takes one unit less, and the end of a job that failed before one more."""
REQUEST_WRITE_UNITS = 1
"""Write units of the rate limit for a POST request, however many jobs the request contains."""
COUNTED_ROWS = 4
"""Number of counter rows that a batch of the stream changes for each type in the batch; each change costs one write
unit."""
BATCH_REQUESTS = 3
"""Requests to SQS for a worker's batch: receive it, shorten its visibility timeout, delete it."""
API_MB = 512
API_SECONDS = 0.04
WORKER_SECONDS = 0.012
COUNTERS_MB = 256
COUNTERS_SECONDS = 0.1
"""Billed time of a warm POST, of claiming and settling one job, and of counting a batch of the stream; the job's own
work costs extra. These are estimates, because they cannot be measured without an account."""
COLD_SHARE, INIT_SECONDS = 0.01, 1.2
"""Share of invocations that must start a process when jobs arrive steadily, and the billed time of such a start (INIT).
Also estimates."""
LOG_KB = 0.97
METRIC_KB = 0.27
ACCESS_KB = 0.36
"""Kilobytes of log lines at the level INFO, with the 26 bytes that CloudWatch adds to each: of a job that completes at
its first attempt, of the metrics of one invocation, and of a line of API Gateway's access log."""
JOB_KB = 0.9
ENTRY_BYTES = 120
ENTRY_KB = 0.22
"""Stored bytes of a completed job: its rows in the table and its entry in the one index where it stays, with the 100
bytes that DynamoDB adds to each."""
ROW_READ = 0.5
READ_BYTES = 4096
RECOUNTED_A_SECOND = 10_000
RECOUNT_MB = 512
"""Memory of the recount's function, which reads main items one by one (half a read unit each) and pages of the
index."""
STEP_UNITS = 1
"""Write units of a kept step with a value of up to 1 KB."""
SUSPENDED_UNITS = 10
"""Write units of an attempt that ends with a sleep, or with the wait for an event or a called job: the claim, the kept
end of the wait, the suspension, what wakes the job, and what its next claim takes more than another claim."""
READS_OF_A_KEY = 2
"""Read units of a job with `serial_by` that follows another job with the same key: it reads the row of the key, and the
job that holds the key."""

# For days.py
LONGEST_DAYS = 92
"""Maximum number of days of one answer; day sums are kept for 90 days."""
MOST_TENANT_ROWS = 5_000
"""Maximum number of rows of tenants that one answer reads for each type: about a megabyte."""

# For dearest.py
MOST_DEAR = 50
"""Maximum number of dearest runs in one answer."""
MOST_DEAR_READ = 300
"""Maximum number of runs whose jobs are read for an answer, if many of these jobs are no longer stored."""

# For budget.py
NANO = 1_000_000_000
"""Nano-dollars of a dollar."""
