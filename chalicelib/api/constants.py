"""Define the numbers of the API: requests, answers, pages. Times in seconds, sizes in bytes."""

from chalicelib.jobs.constants import LONGEST_STEP_NAME

LARGEST_REQUEST = 256 * 1024
"""Maximum bytes of the body of a request to the API."""
LARGEST_UPLOAD = 10 * 1024 * 1024
"""Maximum bytes of an uploaded file."""

# For http/http_api.py
LEAST_COMPRESSED = 1400
"""Smallest answer, in bytes, that is compressed for clients that accept it; a smaller answer fits into one packet."""

# For http/body.py
DEEPEST_REQUEST = 32
"""Maximum levels of nested objects and lists in a request."""
MOST_UNWELCOME = 10
"""Maximum number of texts with forbidden characters that an error answer names."""

# For http/problems.py
MOST_ERRORS = 20
LONGEST_REPEATED_NAME = 80
LONGEST_ERROR_MESSAGE = 500
"""Maximum number of errors, and maximum characters of a name and of a message, in an error answer.

An error answer repeats these parts of the request. Without limits, a request with 256 KB of unknown names would cause
an answer of megabytes.
"""

# For http/serving.py
LONGEST_CORRELATION_ID = 128

# For jobs/bulk_actions.py
MOST_BULK_ACTIONS_LISTED = 1000
MOST_BULK_ACTIONS_SHOWN = 50
MOST_OUTCOMES, OUTCOMES_IN_READ = 500, 100
"""Maximum number of changed jobs whose state is read for the outcome of a bulk action, and how many one read has."""

# For jobs/jobs.py
MOST_PAGE_DIGITS = 9

# For models/fields.py
LONGEST_MOMENT = 40
LONGEST_CURSOR = 2000
AUDIT_ON_PAGE, MOST_AUDIT_ON_PAGE = 50, 200
LONGEST_WHY = 200
"""Maximum characters of the reason that an operator gives."""
LONGEST_BATCH_INDEX = 3
"""Maximum digits of a job's index in a batch."""
LONGEST_TENANT = 500

# For models/fitting.py
LARGEST_ANSWER = 6_000_000
"""Maximum bytes of an answer as the function returns it: as a string within JSON.

Lambda accepts 6 MB, including headers. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""
NEVER_TOO_LARGE = 1_000_000
"""If payload and result together have at most this many bytes, the answer always fits, even with a long history.

Such an answer is not measured.
"""

# For models/schedule_models.py
SCHEDULES_ON_PAGE, MOST_SCHEDULES_ON_PAGE = 20, 50
FIRINGS_PREVIEWED, MOST_FIRINGS_PREVIEWED = 5, 20

# For models/schemas.py
LONGEST_PLACE = LONGEST_STEP_NAME + 10
"""Maximum characters of the step from which a retry begins, with its kind."""
JOBS_ON_PAGE, MOST_JOBS_ON_PAGE = 20, 100
"""Number of jobs on a page of a list: the default and the maximum."""
LONGEST_SEARCH = 200
"""Maximum characters of a text that is searched for in payloads or errors."""
MOST_IN_BATCH = 25
MOST_IN_BULK = 100
MOST_EDITED = 10
"""Maximum number of fields that a bulk action gives another value."""
LONGEST_PATH = 200
LARGEST_EDIT = 4_096
"""Maximum characters of these values as JSON."""

# For models/views.py
LARGEST_IN_LIST = 500
"""A list shows a payload or result of at most this number of bytes, so that pages stay small, whatever the jobs
contain."""
MOST_TENANTS = 10

# For platform/schedules.py
NEXT_FIRINGS, LAST_FIRINGS_IN_LIST = 5, 14

# For models/views.py: steps
MOST_STEPS_SHOWN = 1_000
"""Maximum number of kept steps in one answer. Each step has up to half a kilobyte."""

# For routes.py
CORS_MAX_AGE = 600
"""Seconds for which a browser remembers that the console may call the API."""

# For jobs/batches.py
BATCHES_ON_PAGE = 20
MOST_BATCHES_ON_PAGE = 25
"""Maximum number of batches on a page: each takes a request for its newest round."""
LONGEST_BATCH_KEY = 255

# For http/scoping.py
HIDDEN = "(not in the scope of this token)"
"""Stands in place of a text that the token may not read."""
