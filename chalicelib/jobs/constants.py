"""Define the numbers of jobs and their messages. Times in seconds, sizes in bytes."""

LEASE_SLACK = 5.0
"""Seconds by which a lease is longer than the invocation, so that no worker can still write after its lease."""
DAY = 86_400.0
LONGEST_RUN = 90 * DAY
"""Maximum sum of all waits of one run. Data that a run needs is kept longer (KEEP_BODIES)."""
MAX_DELAY = int(365 * DAY)
"""Maximum seconds from a request to the time at which its job is due."""
MOST_HISTORY = 200
"""Maximum number of attempts, and of acts, that a job's history shows: the newest ones. A job that waits for its key
can have thousands of attempts."""
MOST_CLAIMS = 10_000
"""Maximum claims of one run, so that a job also ends if it is deferred again and again."""
GIVE_UP_STALLED = DAY
"""Seconds after which a job that the platform keeps from running (an outage, a deleted queue) is given up."""
SEND_GRACE = 60.0
"""Seconds from the time at which a job should be claimed until the watchdog checks why no worker has claimed it."""
OVERSLEPT = 120.0
"""Seconds after the end of a wait within which a suspended job is woken, whoever dies. After that it is overdue."""
LOOK_BLOCKED, LOOK_AGAIN_BLOCKED = 6 * 3600.0, DAY
"""Seconds after which the watchdog checks that a blocked job stands in its line, the first time and each later time."""
LOOK_AHEAD = 840.0
"""The message of a scheduled or parked job is sent this number of seconds before the job's time, with a delay.

SQS allows delays of up to one minute more. If many jobs are due at the same moment, the watchdog therefore has 14
minutes to send their messages.
"""
SQS_LONGEST_DELAY = 900
"""SQS's own limit on `DelaySeconds`:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-timers.html"""
FIFO_ENDING = ".fifo"
"""Suffix of the name of each FIFO queue, which SQS requires."""
MOST_TAGS = 10
"""Maximum tags of one job."""
MOST_NOTIFIED = 5
"""Maximum webhooks that one job names."""
TIME_TO_ACT = 10.0
"""Seconds after which a request about many jobs starts no further job. An AWS request that is still running may take 18
s more (three tries of 5 s, and the pauses between them), and API Gateway waits for 29 s."""

# For acts.py
LONGEST_BY = 60
"""Maximum bytes of the operator's name. The name is part of the job's row, so every write of the row includes it."""

# For message_fate.py
FIRST_MALFORMED = 2
"""Seconds for which a message with an unreadable body is held at its first receive; each further receive doubles them,
up to LONGEST_MALFORMED."""
LONGEST_MALFORMED = 300
LONGEST_HOLD = 900
"""Maximum seconds for which a message is held. A job that waits longer is parked, or its message goes to the
dead-letter queue; in both cases the watchdog sends another message."""
UNKNOWN_HOLDS = (1, 5, 30, 30)
"""Seconds for which a message without a stored job is held at its first, second, third and fourth receive. The message
is sent before the job is stored, and the SDK's three tries to store the job take at most 18 s. After these waits, no
process will store the job."""
UNKNOWN_SECONDS = 60.0
"""Age in seconds of a message without a stored job, after which no process stores the job any more, however often the
message was received."""

# For port.py
MOST_READ = 100
"""Maximum number of jobs in one read of many jobs: the maximum of one request to DynamoDB."""
MOST_MESSAGES = 10
"""Maximum messages in one request: the limit of SQS."""
SHARE_LOOKS = 4_000
"""Maximum number of jobs that `JobStore.sharing` reads: 180 read units."""

# For step.py
LONGEST_STEP_NAME = 100
"""Maximum characters of the name of a step or an event, including the names of its scopes."""

# For tenants.py
LONGEST_TENANT, TENANT_HEAD = 64, 40
"""Maximum bytes of a stored tenant, and how many bytes of a longer tenant are stored unchanged, before a hash. Each
write of the job contains the stored tenant."""

# For texts/errors.py
LONGEST_MESSAGE = 1_000
"""Maximum characters of the text of an error in an attempt; that of a job is shorter (LONGEST_ERROR, in bytes)."""
LONGEST_STACK = 8_000
"""Maximum characters of a stored stack trace: its end is stored, because the innermost frames are the most useful."""
LONGEST_CLASS, LONGEST_ERROR = 60, 156
"""Maximum bytes of an error's class, and of class and message together."""

# For texts/fingerprints.py
LONGEST_GROUP_MESSAGE = 160
"""Maximum characters of the displayed message of an error group."""
ERROR_CHARACTERS_READ = 4000
"""Maximum characters of an error message that are read for its fingerprint, all in the message's first line, where
libraries describe the error."""

# For transitions.py
LONGEST_DISCARD_REASON = 200
"""Maximum bytes of the reason of a discard."""
LONGEST_NOTE = 98
"""Maximum bytes of a progress note: the free space in a job item of one kilobyte."""
ANY_TIME = 4_000_000_000.0
"""A time after all times of jobs (epoch seconds), for searches of jobs whatever their time."""

# For texts/personal_texts.py
MOST_PERSONAL = 2_000
"""Maximum number of personal values of one job that are searched in its texts. With more, its texts are masked as a
whole."""
LONGEST_SEARCHED = 64_000
"""Characters of a text in which personal values are searched; the middle of a longer text is left out. What is stored
of a text is much shorter. Also the most characters that the values may have together, which bounds the memory."""
SHORTEST_NUMBER = 7
"""Minimum digits of a personal number that is masked also beside letters, such as a phone number or an account."""
SHORTEST_ANYWHERE = 4
"""Minimum characters of a personal text that is masked also within words. A shorter one would match everywhere."""
SHORTEST_LINE = 8
"""Minimum characters of a line of a personal text that is masked without the other lines."""
