"""Define the numbers of the worker. Times in seconds, sizes in bytes."""

from chalicelib.job_types.retry import Backoff
from chalicelib.jobs.constants import DAY

LARGEST_BODY = 5_000_000
"""Maximum characters of a result, or of the payload of a child job, when it is JSON text within JSON. The API's
function returns its answer in this form, and may return at most 6 MB. Larger data belongs in S3."""

MOST_AT_ONCE = 10_000
"""Maximum jobs of one call of `ctx.enqueue_many`, which holds all of them in memory."""

STORED_AT_ONCE = 20
"""Number of jobs that `ctx.enqueue_many` stores side by side, each with a thread that waits for DynamoDB."""

# For batch.py
APART = 20.0
"""Seconds over which messages are spread that return to the queue because a job must run alone: so they come in several
invocations, which run at the same time."""

# For claim.py
UNKNOWN_LOOKS = (0.02, 0.04, 0.08, 0.16)
"""Seconds between tries, in one invocation, to claim a job that is not stored yet, because its message is sent
first."""
CLAIM_PATIENCE = 60.0
"""Maximum seconds for which a claim without an answer is repeated: if the claim has succeeded, it has used up an
attempt."""
CLAIM_PAUSE = 1.0
"""Longest pause between two tries of such a claim, in seconds."""
PEEK_FROM = 4
"""From this receive on, the item is read before the claim, because a refused claim costs more than a read."""

# For consume.py
TRIM_SLACK = 15
"""Seconds after the invocation's end at which an unfinished message is visible again. The job's lease ends earlier."""
TRIM_PATIENCE = 1.0
"""Maximum seconds for which a claimed job waits until the visibility timeout of its message is shorter."""
CLAIM_GUARD = 2.0
"""Seconds in addition to the job's budget that must be left before a message is claimed."""
SCHEMA_PAUSE = 3600
"""Seconds until the next try of a job whose stored payload the current schema refuses."""
PLATFORM_PAUSE = Backoff(first=30, factor=2, longest=3600)
"""Waits between the tries of a job whose payload cannot be read because a role lacks a permission or a bucket does not
answer. They grow with the time since the first of these tries."""
BUSY_MOMENT = 0.5
"""Longest pause between the two tries to take a place of a limit that gets too many requests, in one invocation. The
SDK makes each of them three times."""
BUSY_PAUSE = Backoff(first=10, factor=2, longest=120, jitter="equal")
"""Waits between the tries of a job whose limit gets too many requests. They grow like those of PLATFORM_PAUSE."""

# For context.py
PROGRESS_EVERY = 5.0
"""Seconds between two progress writes: each costs a write unit."""

# For persist.py
SETTLE_RESERVE = 3.0
"""Seconds at the end of the invocation in which no further try begins."""
FIRST_SETTLE_PAUSE, LONGEST_SETTLE_PAUSE = 0.2, 5.0
"""Seconds before the second try, and the maximum; the pause doubles after each try."""

# For result.py
DEEPEST_RESULT = 100
"""Maximum levels of a result: code that masks its secrets, and code that reads it, makes a nested call for each
level."""

# For settle.py
UNTRIED_AFTER = 7_200.0
"""If a try is this number of seconds later than planned, no other try was made in between: the planned tries of a
stalled job are at most an hour apart."""

# For steps.py
USUAL_TIMEOUT = 7 * DAY
"""Default timeout of `ctx.wait_for`, in seconds."""
LEAST_FOR_A_STEP = 10.0
"""A step without `within` begins only if at least this number of seconds of the invocation is left."""
LONGER_THAN_BEFORE = 1.5
"""Such a step also begins only if the time left is at least the duration of the longest step so far, multiplied by this
factor."""
LONGEST_PAUSE = 15.0
"""Maximum seconds for which an invocation waits for the next try of a step; for a longer wait, the job is suspended."""
LONGEST_TRY_ERROR = 300
"""Maximum bytes of the stored error of a failed try of a step."""
LONGEST_TYPES = 120
"""Maximum bytes of the names of the types of a call that its row shows."""
INPUT_BYTES = 9
"""Bytes of the digest of a step's arguments, written as 12 characters."""
FIRST_LOOK, LONGEST_LOOK = 60.0, 3600.0
"""Seconds after which a job looks by itself whether a job that it has called has ended: as long as the call has lasted,
but at least and at most this. The end of the called job wakes it at once, so this matters only if a process died."""
MOST_STEPS = 10_000
"""Maximum kept steps of one line, because each invocation reads all of them."""
TURNS_OF_A_STEP = 10
"""More turns of an event loop than a kept step takes."""

# For waking.py
LEAVE_AGAIN = Backoff(first=5, factor=2, longest=120, jitter="equal")
"""Waits until the message of a job whose place could not be left comes again, by the number of its receives."""
WOKEN_IN = 1
"""Seconds until the message of a woken job is visible again."""
