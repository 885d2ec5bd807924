"""Define the numbers of batches. Times in seconds."""

from chalicelib.jobs.constants import DAY
from chalicelib.jobs.retention import KEEP_DONE

# For rule.py
MOST_FAILED_IDS = 100
"""Maximum number of ids of failed members that a round keeps; `GET /jobs?batch=` lists all of them."""
QUIET = 600.0
"""The watchdog reads the members of a closed round whose numbers have not changed for this time."""
MISSING_AFTER = 3600.0
"""A closed round ends without the members that do not exist, if its numbers have not changed for this time."""
COUNT_AFTER = 60.0
"""Seconds from the closing of a batch without a total until its members are counted: by then all are in the index."""
OPEN_FOR = KEEP_DONE - 2 * DAY
"""A batch that nobody closes is closed after this time. Until it is closed, no member may be deleted: a deleted member
could be made, and counted, a second time, and could not be counted when the batch is closed without a number."""
AGAIN_AFTER = 60.0
"""Seconds until the watchdog continues work for which it had no time, or checks again if a bulk action has ended."""

# For batches.py
FAILED_AGAIN_AFTER = 300.0
"""Seconds until the watchdog checks a round again after a check that failed."""
REFUSED_FOR = 3 * DAY
"""Seconds for which the job of an end is tried again if its type is removed or unsigned, and for which a round waits
for members whose rows cannot be read; then the round ends."""
MOST_DUE = 100
"""Maximum number of rounds that a run of the watchdog checks."""
MOST_REMEMBERED = 1000
"""Maximum number of rounds, into which members move, that a process keeps in memory."""
ROUNDS_SHOWN = 50
"""Maximum number of rounds in an answer, the newest ones."""
MOST_MEMBERS = 100_000
"""Maximum number of members of a batch."""
ROUNDS_READ = 10
"""Approximate maximum number of ended rounds that are read when a round ends. The first round remembers the earlier
ones."""
RETRY_BEGINS_IN = 30.0
"""Seconds for which a request to retry the failed members may be about to start its bulk action: the API's timeout."""
LEFT_TO_STOP = 10.0
"""Seconds that a run of the watchdog must have left to read more members."""

# For dynamo.py
MARKS_KEPT = 20
"""If a round has this number of marks, the marks of ended shards are removed."""
