"""Define the numbers of bulk actions. Times in seconds, sizes in bytes."""

# For background.py
SLICE = 100
"""Number of jobs after which progress is written."""
FIRST_SLICE = 24
"""Number of jobs that the request itself changes, before it answers: a small bulk action is then finished, and a large
one already shows progress."""
LEASE = 60.0
"""Seconds for which a worker owns a bulk action after each slice; a slice takes 10 seconds, and one more AWS
request."""
FAILED_SLICE_PAUSE = 30.0
"""Seconds until another worker continues after a slice without success; doubled after each further such slice."""
LONGEST_SLICE_PAUSE = 900.0
MOST_FAILED_SLICES = 30
"""A bulk action has failed after this number of slices in a row without success, which takes six hours."""
MOST_TRIES_OF_JOB = 6
"""Maximum number of slices in which the action on one job ends with an error. After these slices the job is skipped,
with the error as reason."""
JOBS_AT_ONCE = 8
"""Maximum number of jobs that a bulk action changes at the same time."""
MOST_AT_ONCE = 4
"""Maximum number of bulk actions that a worker processes in turn. Each keeps its lease during the slices of the
others."""
MOST_NOTED = 1_000
"""Number of changed jobs whose ids are stored, so that the outcome of the action can be shown: one small write for each
slice."""
MOST_REASONS = 20
LONGEST_REASON = 300
"""Maximum bytes of the reason for skipping a job: a payload may have thousands of wrong fields."""
MOST_SAMPLES = 3

# For request.py
BULK_PAGE = 100
EXPECTED_MARGIN = 0.1
"""A bulk action is refused if it would change more jobs than expected plus this share. The share allows for jobs that
were created after the caller's count."""
TIME_TO_COUNT = 3.0
"""Seconds for which a request counts jobs before it acts."""
