"""Define the numbers of telling ends. Times in seconds."""

from chalicelib.jobs.constants import DAY

AT_ONCE = 100
"""Maximum ends whose jobs are made together: the maximum of one read of DynamoDB."""
CHECKED_AFTER = 3600.0
"""The nightly recount checks the ends before this age: a younger end may still be on its way in the stream."""
CHECKED_FOR = 3 * DAY
"""The age up to which the nightly recount checks that an end was told. The stream keeps a change for one day."""
CHECKED_LATE = 30.0
"""Seconds after which it is checked that an ended job is still there before a job is made from its end. A deleted job
is removed two minutes after its end at the earliest (`erasing.constants.LATE_WRITES`), and what is made after that
would not be found. So a stream without delay costs no reads."""
